import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { inspectPackages, packageOwners, parseOwners } from '../../../src/steps/node/packages.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

const PROGRAMS = ['/usr/bin/kubelet', '/usr/bin/kubeadm', '/usr/local/bin/containerd'];
let host: TestHost;

beforeEach(async () => {
  host = await createTestHost({ role: 'worker' });
});
afterEach(() => host.remove());

it('files of packages are told from those of none', async () => {
  expect([...(await packageOwners(host, PROGRAMS))]).toEqual([
    ['/usr/bin/kubelet', 'kubelet'],
    ['/usr/bin/kubeadm', 'kubeadm'],
  ]);
});

it('nothing is asked for no files', async () => {
  expect((await packageOwners(host, [])).size).toBe(0);
  expect(host.commands).toEqual([]);
});

it('nothing is asked on a host without dpkg', async () => {
  await host.files.remove('/usr/bin/dpkg-query');
  expect(await inspectPackages(host, PROGRAMS)).toEqual([]);
  expect(host.commands).toEqual([]);
});

it('a hold is said and kept, and one that is missing is missed', async () => {
  host.answer(['apt-mark', 'showhold'], 'kubelet:amd64\n');
  expect(await inspectPackages(host, PROGRAMS)).toEqual([
    { is: 'note', text: 'package kubelet (/usr/bin/kubelet): on hold, which is kept' },
    {
      is: 'note',
      text:
        'package kubeadm (/usr/bin/kubeadm): got no hold: its next upgrade puts an own version back, so hold it ' +
        '(apt-mark hold kubeadm)',
    },
  ]);
  expect(host.commands.map(([program]) => program)).toEqual(['dpkg-query', 'apt-mark']);
});

it('programs of no package need no hold', async () => {
  expect(await inspectPackages(host, ['/usr/local/bin/containerd'])).toEqual([]);
});

it.each([
  ['dpkg-query', ['dpkg-query', '-S'], 'dpkg-query -S: got exit code 2: database is locked'],
  ['apt-mark', ['apt-mark', 'showhold'], 'apt-mark showhold: got exit code 2: database is locked'],
])('%s that fails is named', async (_, argv, message) => {
  host.answer(argv, { code: 2, stderr: 'database is locked\n' });
  await expect(inspectPackages(host, PROGRAMS)).rejects.toMatchObject({ reason: 'Failed', message });
});

it.each([
  ['with an architecture', 'runc:amd64: /a', 'runc'],
  ['shared by two', 'one, two: /a', 'one'],
  ['with diversions', 'diversion by x from: /a\ndiversion by x to: /a.x\nreal: /a', 'real'],
  ['matched by a pattern only', 'other: /ab', undefined],
])('the owner of a file %s is found', (_, text, owner) => {
  expect(parseOwners(text, ['/a']).get('/a')).toBe(owner);
});
