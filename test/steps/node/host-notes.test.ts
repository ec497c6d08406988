import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspectNotes, noteFindings, type NoteFacts } from '../../../src/steps/node/host-notes.ts';
import { kubeadmFiles } from '../../../src/steps/node/kubeadm-files.ts';
import { writeNodeRecord } from '../../../src/steps/node/node-record.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

const PLAN = { operation: 'machine-1-2', kubernetes: 'v1.34.3' };
const QUIET: NoteFacts = {
  lock: undefined,
  isRebootPending: false,
  versionFile: undefined,
  changedFiles: [],
  isSwapOn: false,
  failSwapOn: undefined,
};

describe('a note', () => {
  it.each<[string, Partial<NoteFacts>]>([
    ['nothing special', {}],
    ['the lock of this operation', { lock: '{"operation":"machine-1-2"}' }],
    ['a version file that will be right', { versionFile: 'v1.34.3' }],
    ['swap that is allowed', { isSwapOn: true, failSwapOn: false }],
  ])('is not made of %s', (_, facts) => {
    expect(noteFindings({ ...QUIET, ...facts }, PLAN)).toEqual([]);
  });

  it.each<[string, Partial<NoteFacts>, string]>([
    [
      'the lock of another operation',
      { lock: '{"operation":"machine-1-1"}' },
      '/var/lib/refit/lock.json: held by machine-1-1: nothing is done before that one ends',
    ],
    [
      'a lock that says nothing',
      { lock: '{"operation":7}' },
      '/var/lib/refit/lock.json: held by an operation that it does not name: nothing is done before that one ends',
    ],
    [
      'half a lock',
      { lock: '{"oper' },
      '/var/lib/refit/lock.json: held by an operation that it does not name: nothing is done before that one ends',
    ],
    [
      'a pending reboot',
      { isRebootPending: true },
      'a reboot of this machine is pending (/run/reboot-required)',
    ],
    [
      'a version file',
      { versionFile: 'v1.33.13' },
      '/etc/kubernetes-version: says v1.33.13 and will go on to say so: nothing keeps it up to date',
    ],
    [
      'a file of kubeadm that somebody changed',
      { changedFiles: ['/a.yaml'] },
      '/a.yaml: changed since the last operation: kubeadm may write it anew, without that change',
    ],
    ['swap', { isSwapOn: true }, 'swap is on, which the kubelet configuration does not allow (failSwapOn)'],
  ])('is made of %s', (_, facts, text) => {
    expect(noteFindings({ ...QUIET, ...facts }, PLAN)).toEqual([{ is: 'note', text }]);
  });
});

describe('facts', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'worker' });
  });
  afterEach(() => host.remove());

  it('of a new image are its version file', async () => {
    expect(await inspectNotes(host, {})).toEqual({ ...QUIET, versionFile: 'v1.33.13' });
  });

  it('of a host that has everything are all of it', async () => {
    const write = (path: string, content: string): Promise<void> =>
      host.files.write(path, content, { mode: 0o644 });
    await write('/proc/swaps', 'Filename\tType\tSize\n/swap.img\tfile\t100\n');
    await write('/run/reboot-required', '');
    await write('/var/lib/refit/lock.json', '{"operation":"x"}\n');
    await host.files.remove('/etc/kubernetes-version');
    await writeNodeRecord(host, {
      version: 1,
      operation: 'machine-1-1',
      hash: 'h',
      kubernetes: 'v1.33.13',
      release: 'r1',
      desiredSha256: 'd',
      kubeletExtraArgs: [],
      kubeadmFiles: await kubeadmFiles(host),
      finishedAt: '2025-12-01T00:00:00.000Z',
    });
    await write('/var/lib/kubelet/config.yaml', 'maxPods: 200\n');
    expect(await inspectNotes(host, { failSwapOn: true })).toEqual({
      lock: '{"operation":"x"}',
      isRebootPending: true,
      versionFile: undefined,
      changedFiles: ['/var/lib/kubelet/config.yaml'],
      isSwapOn: true,
      failSwapOn: true,
    });
  });
});
