import { describe, expect, it } from '@jest/globals';
import type { Host } from '../../../src/steps/host/host.ts';
import { isSameVersion, programVersion, type Program } from '../../../src/steps/node/program-version.ts';
import { createTestHost } from './host-tree.ts';

describe('a version', () => {
  const OLD_KUBECTL =
    'Client Version: version.Info{Major:"1", Minor:"27", GitVersion:"v1.27.4", GitCommit:"f"}\n';
  const CNI = 'CNI protocol versions supported: 0.1.0, 0.2.0, 1.1.0\n';
  it.each<[Program, string[], { stdout?: string; stderr?: string }, string | undefined]>([
    ['kubeadm', ['version', '-o', 'short'], { stdout: 'v1.34.4\n' }, 'v1.34.4'],
    ['kubelet', ['--version'], { stdout: 'Kubernetes v1.35.0-rc.1\n' }, 'v1.35.0-rc.1'],
    [
      'kubectl',
      ['version', '--client'],
      { stdout: 'Client Version: v1.34.4\nKustomize Version: v5.7.1\n' },
      'v1.34.4',
    ],
    ['kubectl', ['version', '--client'], { stdout: OLD_KUBECTL }, 'v1.27.4'],
    [
      'containerd',
      ['--version'],
      { stdout: 'containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7\n' },
      'v2.1.4',
    ],
    [
      'containerd',
      ['--version'],
      { stdout: 'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1\n' },
      '1.6.20~ds1',
    ],
    ['loopback', ['--version'], { stderr: `CNI loopback plugin v1.8.0\n${CNI}` }, 'v1.8.0'],
    ['loopback', ['--version'], { stderr: `CNI loopback plugin version unknown\n${CNI}` }, undefined],
    ['kubelet', ['--version'], { stdout: 'hello\n' }, undefined],
  ])('of %s %j from %j', async (program, args, output, version) => {
    const host = await createTestHost({ role: 'worker' });
    host.answer(['/x'], output);
    expect(await programVersion(host, program, '/x')).toBe(version);
    expect(host.commands).toEqual([['/x', ...args]]);
    await host.remove();
  });

  it('of a program that does not run: an error', async () => {
    const run: Host['run'] = async () => ({ code: 126, stdout: '', stderr: 'Exec format error' });
    await expect(programVersion({ run } as Host, 'kubelet', '/x')).rejects.toMatchObject({
      reason: 'Failed',
      message: '/x --version: got exit code 126',
    });
  });
});

describe('the same version', () => {
  it.each([
    ['v2.1.4', '2.1.4', true],
    ['2.1.4+unknown', 'v2.1.4', true],
    ['1.6.20~ds1', '1.6.20', true],
    ['v2.1.4', 'v2.1.40', false],
    ['v2.1.4-rc.1', 'v2.1.4', false],
    [undefined, 'v2.1.4', false],
    [undefined, undefined, false],
  ])('%s and %s: %s', (one, other, same) => expect(isSameVersion(one, other)).toBe(same));
});
