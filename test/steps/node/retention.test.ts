import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StepReport } from '../../../src/api/step-result.ts';
import { cancelFile, LOCK_FILE, planFile, reportFile } from '../../../src/steps/host/folders.ts';
import { findOutdated, outdated, type Leftover, type Leftovers } from '../../../src/steps/node/retention.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor } from './release.ts';

const date = (day: number): Date => new Date(Date.UTC(2025, 0, day));
const leftover = (name: string, day: number, whole = true): Leftover => ({ name, date: date(day), whole });
const NOTHING: Leftovers = {
  live: ['edge-9'],
  release: 'r9',
  keepBackups: 2,
  backups: [],
  operations: [],
  stages: [],
  kubeadm: [],
};

describe('of what is left behind', () => {
  const four = [leftover('edge-1', 1), leftover('edge-2', 2), leftover('edge-3', 3), leftover('edge-4', 4)];
  const twelve = Array.from({ length: 12 }, (_, index) => leftover(`op-${index}`, 20 - index));
  const kubeadm = [
    leftover('kubeadm-backup-etcd-2025-01-01-00-00-00', 1),
    leftover('kubeadm-backup-etcd-2025-01-02-00-00-00', 2),
    leftover('kubeadm-backup-etcd-2025-01-05-00-00-00', 5),
    leftover('kubeadm-backup-manifests-2025-01-01-00-00-00', 1),
    leftover('kubeadm-upgraded-manifests123', 1),
    leftover('kubeadm-upgraded-manifests77', 2),
    leftover('kubeadm-kubelet-config5', 1),
    leftover('mine', 1),
  ];
  it.each<[string, Partial<Leftovers>, string[]]>([
    ['nothing goes where nothing is', {}, []],
    [
      'the newest backups stay',
      { backups: four },
      ['/var/lib/refit/backup/edge-2', '/var/lib/refit/backup/edge-1'],
    ],
    [
      'no backups stay when none are to be kept',
      { backups: four.slice(0, 1), keepBackups: 0 },
      ['/var/lib/refit/backup/edge-1'],
    ],
    [
      'the backup of a live operation stays and is not counted',
      { backups: [...four, leftover('edge-9', 9), leftover('edge-8', 0)], live: ['edge-9', 'edge-8'] },
      ['/var/lib/refit/backup/edge-2', '/var/lib/refit/backup/edge-1'],
    ],
    [
      'the unfinished backup of a live operation stays',
      { backups: [leftover('edge-9', 9, false), leftover('edge-8', 8, false)], live: ['edge-9', 'edge-8'] },
      [],
    ],
    [
      'unfinished backups go, and keep no other from staying',
      { backups: [...four.slice(0, 2), leftover('edge-7', 7, false)] },
      ['/var/lib/refit/backup/edge-7'],
    ],
    [
      'ten operations that ended stay',
      { operations: twelve },
      ['/var/lib/refit/op-10', '/var/lib/refit/op-11'],
    ],
    [
      'operations that have not ended stay',
      { operations: [...twelve.slice(0, 10), leftover('op-x', 0, false)] },
      [],
    ],
    ['live operations stay and are not counted', { operations: twelve, live: ['op-0', 'op-11'] }, []],
    [
      'two stages besides the release of now stay',
      { stages: [leftover('r9', 0), leftover('r8', 8), leftover('r7', 7), leftover('r6', 6)] },
      ['/var/lib/refit/stage/r6'],
    ],
    [
      "kubeadm's leftovers from before the previous backup go, but for the newest of each kind",
      { kubeadm, backups: [leftover('edge-4', 4)] },
      [
        '/etc/kubernetes/tmp/kubeadm-backup-etcd-2025-01-02-00-00-00',
        '/etc/kubernetes/tmp/kubeadm-backup-etcd-2025-01-01-00-00-00',
        '/etc/kubernetes/tmp/kubeadm-upgraded-manifests123',
      ],
    ],
    ["kubeadm's leftovers since the previous backup stay", { kubeadm, backups: [leftover('edge-0', 1)] }, []],
    [
      "kubeadm's leftovers stay where there is no backup but that of now",
      { kubeadm, backups: [leftover('edge-9', 9)] },
      [],
    ],
  ])('%s', (_, all, expected) => expect(outdated({ ...NOTHING, ...all })).toEqual(expected));
});

describe('on a host', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'worker' });
  });
  afterEach(() => host.remove());

  const report = (
    operation: string,
    step: 'cni' | 'kubelet' | 'finish',
    outcome: StepReport['result']['outcome'],
  ) =>
    host.files.write(
      reportFile(operation, step),
      JSON.stringify({
        result: {
          version: 1,
          step,
          operation,
          outcome,
          message: '',
          startedAt: '2025-01-01T00:00:00Z',
          durationSeconds: 1,
          changes: [],
        },
        outputs: {},
      } satisfies StepReport),
      { mode: 0o600 },
    );
  const steps = (['cni', 'kubelet'] as const).map((name) => ({ name, timeoutSeconds: 60 }));
  const plan = (operation: string) => contextFor(undefined, { operation, steps }).plan;
  async function aged(path: string, day: number): Promise<void> {
    await utimes(join(host.root, path), date(day), date(day));
  }

  it('only what has ended goes, the oldest first', async () => {
    for (let day = 1; day <= 10; day += 1) {
      await report(`new-${day}`, 'finish', 'changed');
      await aged(`/var/lib/refit/new-${day}`, day + 10);
    }
    const old: Record<string, (operation: string) => Promise<unknown>> = {
      finished: (operation) => report(operation, 'finish', 'unchanged'),
      cancelled: (operation) => host.files.write(cancelFile(operation), '', { mode: 0o600 }),
      done: async (operation) => {
        await host.files.write(planFile(operation), JSON.stringify(plan(operation)), { mode: 0o600 });
        await report(operation, 'cni', 'unchanged');
        await report(operation, 'kubelet', 'changed');
      },
      failed: async (operation) => {
        await host.files.write(planFile(operation), JSON.stringify(plan(operation)), { mode: 0o600 });
        await report(operation, 'cni', 'failed');
      },
      'in-the-middle': async (operation) => {
        await host.files.write(planFile(operation), JSON.stringify(plan(operation)), { mode: 0o600 });
        await report(operation, 'cni', 'changed');
      },
      'not-begun': (operation) =>
        host.files.write(planFile(operation), JSON.stringify(plan(operation)), { mode: 0o600 }),
      'not-an-operation': (name) => host.files.write(`/var/lib/refit/${name}/x`, '', { mode: 0o600 }),
      unreadable: (operation) => host.files.write(planFile(operation), '{', { mode: 0o600 }),
    };
    let day = 10;
    for (const [operation, make] of Object.entries(old)) {
      await make(operation);
      await aged(`/var/lib/refit/${operation}`, (day -= 1));
    }
    expect(await findOutdated(host, plan('now'))).toEqual(
      ['finished', 'cancelled', 'done', 'failed'].map((operation) => `/var/lib/refit/${operation}`),
    );
    await host.files.write(LOCK_FILE, '{"operation":"cancelled"}', { mode: 0o600 });
    expect(await findOutdated(host, plan('now'))).not.toContain('/var/lib/refit/cancelled');
  });

  it('backups, stages and what kubeadm left are found by their dates', async () => {
    for (const day of [1, 2, 3, 4]) {
      await host.files.write(`/var/lib/refit/backup/old-${day}/complete`, 'x', { mode: 0o600 });
      await host.files.write(`/var/lib/refit/stage/r${day}/components.json`, '{}', { mode: 0o600 });
      await host.files.write(`/etc/kubernetes/tmp/kubeadm-backup-etcd-${day}/etcd/x`, 'x', { mode: 0o600 });
      await aged(`/var/lib/refit/backup/old-${day}`, day);
      await aged(`/var/lib/refit/stage/r${day}`, day);
      await aged(`/etc/kubernetes/tmp/kubeadm-backup-etcd-${day}`, day);
    }
    await host.files.write('/var/lib/refit/backup/half/manifest.json', '{}', { mode: 0o600 });
    await host.files.write('/var/lib/refit/backup/now/manifest.json', '{}', { mode: 0o600 });
    await host.files.write('/var/lib/refit/backup/a-file', '', { mode: 0o600 });
    expect(await findOutdated(host, { ...plan('now'), release: 'r2' })).toEqual([
      '/var/lib/refit/backup/old-2',
      '/var/lib/refit/backup/old-1',
      '/var/lib/refit/backup/half',
      '/var/lib/refit/stage/r1',
      '/etc/kubernetes/tmp/kubeadm-backup-etcd-3',
      '/etc/kubernetes/tmp/kubeadm-backup-etcd-2',
      '/etc/kubernetes/tmp/kubeadm-backup-etcd-1',
    ]);
  });
});
