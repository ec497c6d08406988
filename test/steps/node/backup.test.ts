import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { copyFile, readBackup, snapshotFile } from '../../../src/steps/node/backup-manifest.ts';
import { backup, spaceRefusals } from '../../../src/steps/node/backup.ts';
import type { StepContext } from '../../../src/steps/node/node-step.ts';
import { manifestFile } from '../../../src/steps/node/static-pods.ts';
import { answerEtcd, database, ETCD_URL, OWN_MEMBER, snapshotLines } from './etcd-answers.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor, digest } from './release.ts';

const OPERATION = 'machine-1-1';
const FOLDER = '/var/lib/refit/backup/machine-1-1';
const INCOMPLETE = `${FOLDER}: got no complete backup, expected one`;
const MIB = 2 ** 20;
const EXPECTED_FILES = [
  '/etc/containerd/config.toml',
  '/etc/default/kubelet',
  '/etc/kubernetes/admin.conf',
  '/etc/kubernetes/manifests/etcd.yaml',
  '/etc/kubernetes/patches/etcd.yaml',
  '/etc/kubernetes/pki/ca.key',
  '/etc/kubernetes/pki/etcd/ca.key',
  '/lib/systemd/system/kubelet.service',
  '/lib/systemd/system/kubelet.service.d/10-kubeadm.conf',
  '/usr/bin/kubeadm',
  '/usr/bin/kubectl',
  '/usr/bin/kubelet',
  '/usr/local/bin/containerd',
  '/var/lib/kubelet/config.yaml',
  '/var/lib/kubelet/kubeadm-flags.env',
];

const context = contextFor(undefined);
const worker = contextFor(undefined, { role: 'worker' });
let host: TestHost;

const perform = (given: StepContext) => performStep(backup, host, given, { timeoutSeconds: 60 });
const whats = async (given: StepContext) =>
  (await backup.prepare(host, given)).actions.map((action) =>
    action.do === 'work' ? action.what : action.do,
  );

/** Every path below the folder, with its permission bits. */
async function modes(folder: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const name of await host.files.list(folder)) {
    const path = `${folder}/${name}`;
    const { mode = 0, kind = 'other' } = (await host.files.status(path)) ?? {};
    found.push([path, `${kind} ${mode.toString(8)}`], ...(kind === 'folder' ? await modes(path) : []));
  }
  return found;
}

describe('a backup of a control-plane node', () => {
  const content = database(65_536);
  let report: StepReport;
  beforeAll(async () => {
    host = await createTestHost({ role: 'control-plane' });
    answerEtcd(host, { members: [OWN_MEMBER, 'unstarted'], snapshot: snapshotLines(content) });
    await host.files.write('/etc/kubernetes/patches/etcd.yaml', 'patch', { mode: 0o640 });
    await host.files.write('/etc/kubernetes/tmp/kubeadm-backup-etcd-1/etcd/db', 'large', { mode: 0o600 });
    report = await perform(context);
  });
  afterAll(() => host.remove());

  it('is reported', () => {
    expect(report.result).toMatchObject({
      outcome: 'changed',
      changes: [
        { what: 'backup of files', to: `${FOLDER}/files` },
        { what: 'etcd snapshot', to: `${FOLDER}/etcd-snapshot.db` },
      ],
    });
  });

  it('holds what it takes to put the node back, byte by byte', async () => {
    const saved = await readBackup(host, OPERATION);
    const paths = saved?.files.map(({ path }) => path) ?? [];
    expect(paths).toEqual(expect.arrayContaining(EXPECTED_FILES));
    expect(paths.filter((path) => path.startsWith('/etc/kubernetes/tmp'))).toEqual([]);
    expect(paths).toEqual([...new Set(paths)].sort());
    for (const path of paths) {
      const copy = await host.files.read(copyFile(OPERATION, path));
      expect([path, copy]).toEqual([path, await host.files.read(path)]);
    }
    const mode = saved?.files.find(({ path }) => path === '/usr/bin/kubelet')?.mode;
    expect(mode?.toString(8)).toBe('755');
  });

  it('knows how many members etcd had, and its snapshot', async () => {
    const file = (await host.files.read(snapshotFile(OPERATION))) ?? Buffer.alloc(0);
    expect(file.subarray(0, -32).equals(content)).toBe(true);
    const etcd = { members: 2, snapshotSha256: digest(file) };
    expect((await readBackup(host, OPERATION))?.etcd).toEqual(etcd);
  });

  it("is root's alone: it holds the keys of the CAs", async () => {
    const all = await modes('/var/lib/refit/backup');
    expect(all.length).toBeGreaterThan(40);
    expect(new Set(all.map(([, mode]) => mode))).toEqual(new Set(['folder 700', 'file 600']));
  });

  it('that is there is not made again, whatever the next steps change', async () => {
    await host.files.write('/etc/kubernetes/admin.conf', 'changed by a step', { mode: 0o600 });
    const { result } = await perform(context);
    expect(result).toMatchObject({ outcome: 'unchanged', changes: [] });
    expect(await host.files.read(copyFile(OPERATION, '/etc/kubernetes/admin.conf'))).not.toEqual(
      Buffer.from('changed by a step'),
    );
  });

  it('does not count once a file of it is changed or missing', async () => {
    const copy = copyFile(OPERATION, '/usr/bin/kubelet');
    await host.files.write(copy, 'x', { mode: 0o600 });
    const changed = expect.stringContaining(`${copy}: sha256: got ${digest('x')}, expected`);
    expect(await backup.problems(host, context)).toEqual([changed]);
    await host.files.remove(snapshotFile(OPERATION));
    const missing = expect.stringContaining(`${snapshotFile(OPERATION)}: sha256: got no file, expected`);
    expect(await backup.problems(host, context)).toEqual([changed, missing]);
    await host.files.write(`${FOLDER}/manifest.json`, '{}', { mode: 0o600 });
    expect(await backup.problems(host, context)).toEqual([INCOMPLETE]);
    expect(await whats(context)).toHaveLength(3);
  });
});

describe('a backup on a control-plane node', () => {
  beforeEach(async () => {
    host = await createTestHost({ role: 'control-plane' });
    answerEtcd(host);
  });
  afterEach(() => host.remove());

  it('copies files, saves etcd, and is marked as complete last; looking changes nothing', async () => {
    expect(await whats(context)).toEqual([
      expect.stringMatching(/^copy \d+ files to .*machine-1-1\/files$/),
      `save a snapshot of etcd to ${FOLDER}/etcd-snapshot.db`,
      `mark ${FOLDER} as complete`,
    ]);
    expect(await host.files.list('/var/lib/refit')).toEqual([]);
  });

  it('fails when the snapshot is broken, and then does not count', async () => {
    answerEtcd(host, { snapshot: snapshotLines(database()).replace('"blob":"A', '"blob":"B') });
    const { result } = await perform(context);
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain('etcd snapshot: sha256 is');
    expect(await readBackup(host, OPERATION)).toBeUndefined();
  });

  it('has no snapshot where etcd is external, and says so', async () => {
    await host.files.remove(manifestFile('etcd'));
    expect((await perform(context)).result).toMatchObject({
      outcome: 'changed',
      message: expect.stringContaining(
        'note: etcd runs elsewhere: no snapshot is taken, back it up where it runs',
      ),
    });
    expect((await readBackup(host, OPERATION))?.etcd).toBe('external');
    expect(await host.files.status(snapshotFile(OPERATION))).toBeUndefined();
  });

  it('is refused where neither etcd nor an API server is: what would it be worth?', async () => {
    for (const name of ['etcd', 'kube-apiserver'] as const) await host.files.remove(manifestFile(name));
    expect((await backup.prepare(host, context)).refusals).toEqual([
      `${manifestFile('kube-apiserver')}: got no file, expected one on a control-plane node`,
    ]);
  });

  it('is refused before anything is written when the disk is too full', async () => {
    answerEtcd(host, { dbSize: 80 * MIB });
    host.files.spaces.set('/var/lib/refit', { freeBytes: 99 * MIB, freeInodes: 1000 });
    const { result } = await perform(context);
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain('/var/lib/refit/backup: got 99 MiB free, expected 101 MiB');
    expect(await host.files.list('/var/lib/refit/backup')).toEqual([]);
  });

  it('may take the space that an earlier attempt holds', async () => {
    host.files.spaces.set('/var/lib/refit', { freeBytes: 0, freeInodes: 1000 });
    expect((await backup.prepare(host, context)).refusals).toHaveLength(1);
    await host.files.write(`${FOLDER}/files/large`, Buffer.alloc(MIB), { mode: 0o600 });
    expect((await backup.prepare(host, context)).refusals).toEqual([]);
  });

  it('cannot be begun while etcd does not answer', async () => {
    answerEtcd(host, { members: [{ ...OWN_MEMBER, state: 'away' }] });
    host.respond(`${ETCD_URL}/v3/`, () => {
      throw new StatusError('ECONNREFUSED', { reason: 'Unavailable' });
    });
    await expect(perform(context)).rejects.toMatchObject({ reason: 'Unavailable' });
    expect(await host.files.list('/var/lib/refit/backup')).toEqual([]);
  });
});

describe('a backup of a worker', () => {
  beforeEach(async () => {
    host = await createTestHost({ role: 'worker' });
  });
  afterEach(() => host.remove());

  it('has files only', async () => {
    expect((await perform(worker)).result.outcome).toBe('changed');
    const saved = await readBackup(host, OPERATION);
    expect(saved?.etcd).toBe('none');
    expect(saved?.files.map(({ path }) => path)).toContain('/etc/kubernetes/kubelet.conf');
    expect(host.requests).toEqual([]);
  });

  it('that was cut before its marker begins again, with nothing of the earlier attempt', async () => {
    await host.files.write('/etc/kubernetes/gone.conf', 'x', { mode: 0o600 });
    const [copies] = (await backup.prepare(host, worker)).actions;
    if (copies?.do === 'work') await copies.perform(host);
    expect(await host.files.list(`${FOLDER}/files/etc/kubernetes`)).toContain('gone.conf');
    expect(await backup.problems(host, worker)).toEqual([INCOMPLETE]);
    await host.files.remove('/etc/kubernetes/gone.conf');
    expect((await perform(worker)).result.outcome).toBe('changed');
    expect(await host.files.list(`${FOLDER}/files/etc/kubernetes`)).not.toContain('gone.conf');
  });

  it('follows links, once, and leaves out what is no file', async () => {
    const at = (path: string): string => join(host.root, path);
    await host.files.write('/data/pki/deep/ca.key', 'key', { mode: 0o600 });
    await mkdir(at('/etc/kubernetes/empty'));
    await symlink('../../data/pki', at('/etc/kubernetes/linked'));
    await symlink('../../../etc/kubernetes', at('/data/pki/deep/back'));
    await symlink('nowhere', at('/etc/kubernetes/dangling'));
    await symlink('kubelet.conf', at('/etc/kubernetes/alias.conf'));
    await perform(worker);
    const paths = (await readBackup(host, OPERATION))?.files.map(({ path }) => path) ?? [];
    expect(paths).toContain('/etc/kubernetes/linked/deep/ca.key');
    expect(paths).toContain('/etc/kubernetes/alias.conf');
    expect(paths.filter((path) => /dangling|back|empty/.test(path))).toEqual([]);
    expect(await backup.problems(host, worker)).toEqual([]);
  });

  it('removes old ones only after its own is complete', async () => {
    for (const name of ['a', 'b', 'c']) {
      await host.files.write(`/var/lib/refit/backup/${name}/complete`, 'x', { mode: 0o600 });
    }
    expect((await whats(worker)).slice(1)).toEqual([
      `mark ${FOLDER} as complete`,
      expect.stringMatching(/^remove \/var\/lib\/refit\/backup\/[abc], /),
    ]);
    await perform(worker);
    expect(await host.files.list('/var/lib/refit/backup')).toHaveLength(3);
    expect((await perform(worker)).result.outcome).toBe('unchanged');
  });
});

describe('the space for a backup', () => {
  const source = (size: number) => ({ path: '/x', size, mode: 0o600, uid: 0, gid: 0 });
  const needs = (bytes: number, etcd?: number) => ({
    sources: [source(bytes)],
    etcd:
      etcd === undefined
        ? ('none' as const)
        : { access: { url: '', tls: { ca: '' } }, members: 1, bytes: etcd },
  });
  it.each([
    ['is enough with a fifth left', needs(80 * MIB), 100 * MIB, 1000, []],
    [
      'is not enough with less left',
      needs(80 * MIB + 1),
      100 * MIB,
      1000,
      ['got 100 MiB free, expected 101 MiB: the backup takes 81 MiB, 20% must be left'],
    ],
    [
      'counts the database',
      needs(40 * MIB, 60 * MIB),
      100 * MIB,
      1000,
      ['expected 125 MiB: the backup takes 100 MiB'],
    ],
    ['counts inodes', needs(1), 100 * MIB, 101, ['got 101 free inodes, expected 102']],
  ])('%s', (_, given, freeBytes, freeInodes, expected) => {
    const refusals = spaceRefusals(given, { freeBytes, freeInodes });
    expect(refusals).toEqual(expected.map((text) => expect.stringContaining(text)));
  });
});
