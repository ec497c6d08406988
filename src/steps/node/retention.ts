// What old operations left on a node and nobody needs any more. The decision is pure; only `findOutdated` looks.
import { z } from 'zod';
import { hostPlanSchema, type HostPlan } from '../../api/host-plan.ts';
import { isBad, stepReportSchema } from '../../api/step-result.ts';
import { FINISH } from '../../api/steps.ts';
import {
  BACKUPS_FOLDER,
  cancelFile,
  LOCK_FILE,
  operationFolder,
  planFile,
  reportFile,
  stageFolder,
  STATE_FOLDER,
} from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { COMPLETE_MARKER } from './backup-manifest.ts';
import { readJson } from './json-file.ts';

/** Something that Refit or kubeadm left behind. */
export interface Leftover {
  /** Of the folder. */
  name: string;
  date: Date;
  /** backups: it has its marker; operations: it has ended; the others: always. */
  whole: boolean;
}

export interface Leftovers {
  /** Operation that runs now, and the one that holds the host's lock if another. */
  live: readonly string[];
  release: string;
  keepBackups: number;
  backups: readonly Leftover[];
  operations: readonly Leftover[];
  stages: readonly Leftover[];
  /** In KUBEADM_FOLDER. */
  kubeadm: readonly Leftover[];
}

export const KUBEADM_FOLDER = '/etc/kubernetes/tmp';

const lockSchema = z.object({ operation: z.string() });

const KEPT_OPERATIONS = 10;
const KEPT_STAGES = 2;
/** With a number or a date at the end, and never removed by kubeadm: each may hold a copy of etcd's data. */
const KUBEADM_KINDS = ['kubeadm-backup-etcd', 'kubeadm-backup-manifests', 'kubeadm-upgraded-manifests'];

/** Paths of the folders that go. Pure. */
export function outdated(all: Leftovers): string[] {
  const backups = all.backups.filter(({ name }) => !all.live.includes(name));
  const complete = newestFirst(backups.filter(({ whole }) => whole));
  const ended = all.operations.filter(({ name, whole }) => whole && !all.live.includes(name));
  const stages = all.stages.filter(({ name }) => name !== all.release);
  return [
    ...names([...complete.slice(all.keepBackups), ...backups.filter(({ whole }) => !whole)]).map(
      (name) => `${BACKUPS_FOLDER}/${name}`,
    ),
    ...names(newestFirst(ended).slice(KEPT_OPERATIONS)).map(operationFolder),
    ...names(newestFirst(stages).slice(KEPT_STAGES)).map(stageFolder),
    ...outdatedOfKubeadm(all.kubeadm, complete[0]?.date).map((name) => `${KUBEADM_FOLDER}/${name}`),
  ];
}

/** Of each kind the newest stays, and whatever is not older than the backup before this one. */
function outdatedOfKubeadm(leftovers: readonly Leftover[], previousBackup: Date | undefined): string[] {
  if (previousBackup === undefined) return [];
  const older = KUBEADM_KINDS.flatMap((kind) =>
    newestFirst(leftovers.filter(({ name }) => name.startsWith(kind)))
      .slice(1)
      .filter(({ date }) => date < previousBackup),
  );
  return names(older);
}

/** Errors: StatusError. */
export async function findOutdated(host: Host, plan: HostPlan): Promise<string[]> {
  const lock = await readJson(host, LOCK_FILE, lockSchema);
  const [backups, operations, stages, kubeadm] = await Promise.all([
    leftovers(host, BACKUPS_FOLDER, (name) => exists(host, `${BACKUPS_FOLDER}/${name}/${COMPLETE_MARKER}`)),
    leftovers(host, STATE_FOLDER, (name) => hasEnded(host, name)),
    leftovers(host, stageFolder('').replace(/\/$/, '')),
    leftovers(host, KUBEADM_FOLDER),
  ]);
  return outdated({
    live: [plan.operation, ...(lock ? [lock.operation] : [])],
    release: plan.release,
    keepBackups: plan.policy.keepBackups,
    backups,
    operations,
    stages,
    kubeadm,
  });
}

async function leftovers(
  host: Host,
  folder: string,
  isWhole: (name: string) => Promise<boolean> = async () => true,
): Promise<Leftover[]> {
  const found = (await host.files.list(folder)).map(async (name): Promise<Leftover[]> => {
    const status = await host.files.status(`${folder}/${name}`);
    if (status?.kind !== 'folder') return [];
    return [{ name, date: status.modifiedAt, whole: await isWhole(name) }];
  });
  return (await Promise.all(found)).flat();
}

/** By its own last word, or because every step that it was to do has one. Folders that are no operation's have none. */
async function hasEnded(host: Host, operation: string): Promise<boolean> {
  if (await exists(host, cancelFile(operation))) return true;
  if (await exists(host, reportFile(operation, FINISH.name))) return true;
  const plan = await readJson(host, planFile(operation), hostPlanSchema);
  if (!plan || plan.steps.length === 0) return false;
  const reports = await Promise.all(
    plan.steps.map(({ name }) => readJson(host, reportFile(operation, name), stepReportSchema)),
  );
  return reports.some((report) => report && isBad(report)) || reports.every((report) => report !== undefined);
}

async function exists(host: Host, path: string): Promise<boolean> {
  return (await host.files.status(path)) !== undefined;
}

function newestFirst(all: readonly Leftover[]): Leftover[] {
  return [...all].sort((a, b) => b.date.getTime() - a.date.getTime() || a.name.localeCompare(b.name));
}

function names(all: readonly Leftover[]): string[] {
  return all.map(({ name }) => name);
}
