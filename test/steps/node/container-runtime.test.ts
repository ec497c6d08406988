import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  findCrictl,
  output,
  runtimeImages,
  runtimeProblems,
} from '../../../src/steps/node/container-runtime.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

const CRICTL = '/usr/local/bin/crictl';
const CONTAINERD = '/usr/local/bin/containerd';
let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'worker' });
});
afterEach(() => host.remove());

describe('crictl', () => {
  it('is where it lies', async () => {
    expect(await findCrictl(host)).toBeUndefined();
    await host.files.write('/usr/bin/crictl', 'crictl', { mode: 0o755 });
    expect(await findCrictl(host)).toBe('/usr/bin/crictl');
    await host.files.write(CRICTL, 'crictl', { mode: 0o755 });
    expect(await findCrictl(host)).toBe(CRICTL);
  });
});

describe('the runtime', () => {
  const info = (...conditions: object[]): string => JSON.stringify({ status: { conditions }, config: {} });
  const ready = { type: 'RuntimeReady', status: true, reason: '', message: '' };
  const network = { type: 'NetworkReady', status: true, reason: '', message: '' };
  it.each<[string, string, string[]]>([
    ['is well', info(ready, network), []],
    [
      'is well in spite of other conditions',
      info(ready, network, { type: 'ContainerdHasNoDeprecationWarnings', status: false }),
      [],
    ],
    [
      'has no network',
      info(ready, { ...network, status: false, reason: 'NetworkPluginNotReady' }),
      ['container runtime: NetworkReady: got false (NetworkPluginNotReady), expected true'],
    ],
    [
      'says nothing',
      info(),
      [
        'container runtime: RuntimeReady: got nothing, expected true',
        'container runtime: NetworkReady: got nothing, expected true',
      ],
    ],
    ['answers something else', 'not json', ['crictl info: got an answer that cannot be read']],
  ])('%s', (_, text, expected) => expect(runtimeProblems(text)).toEqual(expected));
});

describe('the images', () => {
  it('are those that crictl lists, with their tags', async () => {
    await host.files.write(CRICTL, 'crictl', { mode: 0o755 });
    const images = [{ repoTags: ['a/b:1', 'c/b:1'] }, { repoTags: null, repoDigests: ['a/b@sha256:0'] }, {}];
    host.answer([CRICTL, 'images', '-o', 'json'], JSON.stringify({ images }));
    expect([...(await runtimeImages(host, { containerd: CONTAINERD }))]).toEqual(['a/b:1', 'c/b:1']);
    host.answer([CRICTL, 'images', '-o', 'json'], '{"images":null}');
    expect([...(await runtimeImages(host, { containerd: CONTAINERD }))]).toEqual([]);
    host.answer([CRICTL, 'images', '-o', 'json'], 'x');
    await expect(runtimeImages(host, { containerd: CONTAINERD })).rejects.toThrow('cannot be read');
  });

  it("are those that containerd's own client lists, without crictl", async () => {
    host.answer(['/usr/local/bin/ctr', '-n', 'k8s.io', 'images', 'ls', '-q'], 'a/b:1\na/b@sha256:0\n');
    expect([...(await runtimeImages(host, { containerd: CONTAINERD }))]).toEqual(['a/b:1', 'a/b@sha256:0']);
  });

  it('cannot be told with neither', async () => {
    await expect(runtimeImages(host, { containerd: undefined })).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringContaining('got neither crictl nor containerd'),
    });
  });
});

it('a program that fails says why', async () => {
  host.answer(['prog'], { code: 3, stdout: 'x', stderr: 'error: why\nfor more run it with -v5\n' });
  await expect(output(host, ['prog', 'arg'])).rejects.toMatchObject({
    reason: 'Failed',
    message: 'prog arg: exit code: got 3, expected 0: error: why | for more run it with -v5',
  });
});
