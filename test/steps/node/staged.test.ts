import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { componentFile, filesOf, readStaged } from '../../../src/steps/node/staged.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { writeRelease } from './release.ts';

const FOLDER = '/var/lib/refit/stage/r1';
let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'worker' });
});
afterEach(() => host.remove());

describe('staged components', () => {
  it('are what the manifest says', async () => {
    const written = await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4', cni: 'v1.7.1' });
    const staged = await readStaged(host, 'r1');
    expect(staged).toEqual(written);
    expect(filesOf(written, 'cni').map((file) => componentFile(FOLDER, file))).toEqual([
      `${FOLDER}/cni/bridge`,
      `${FOLDER}/cni/loopback`,
      `${FOLDER}/cni/tap`,
    ]);
  });

  it('are none where nothing was staged, or not to the end', async () => {
    expect(await readStaged(host, 'r1')).toBeUndefined();
    await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4' });
    await host.files.remove(`${FOLDER}/components.json`);
    expect(await readStaged(host, 'r1')).toBeUndefined();
  });

  it.each([
    [
      'lacks one',
      async () => host.files.remove(`${FOLDER}/kubernetes/kubelet`),
      'kubernetes/kubelet: got nothing, expected 16 bytes',
    ],
    [
      'has half of one',
      async () => host.files.write(`${FOLDER}/kubernetes/kubeadm`, 'kube', { mode: 0o755 }),
      'kubernetes/kubeadm: got 4 bytes, expected 16 bytes',
    ],
    [
      'has half a manifest',
      async () => host.files.write(`${FOLDER}/components.json`, '{"version":1,', { mode: 0o600 }),
      'components.json: got something else',
    ],
    [
      'has a manifest of names that lead elsewhere',
      async () => {
        const text = String(await host.files.read(`${FOLDER}/components.json`)).replace(
          '"kubelet"',
          '"../kubelet"',
        );
        await host.files.write(`${FOLDER}/components.json`, text, { mode: 0o600 });
      },
      'components.json: got something else',
    ],
  ])('are refused when the folder %s', async (_, spoil, message) => {
    await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4' });
    await spoil();
    await expect(readStaged(host, 'r1')).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringContaining(message),
    });
  });
});
