// `refit upgrade`: edits the owners of a Cluster's Machines one after the other, as a person would, and follows them.
import { EXIT } from '../../api/commands.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { CLUSTERS, KUBEADM_CONTROL_PLANES, MACHINE_DEPLOYMENTS } from '../../hook/kubernetes/resources.ts';
import { change as changeObject } from '../../steps/api/change.ts';
import type { Io } from '../io.ts';
import { withManagement, type Management, type ManagementFlags } from '../management.ts';
import { patience } from '../patience.ts';
import { changesSince, changeText } from '../status/changes.ts';
import { statusOutput } from '../status/cluster-status.ts';
import { readStatus } from '../status/read-status.ts';
import type { ClusterStatus, StatusOutput } from '../status/types.ts';
import { tell } from '../tell.ts';
import { hanging } from '../text.ts';
import { decideUpgrade, versionOf, type Edit, type Stage, type UpgradeFacts } from '../upgrade/decision.ts';
import { preview, previewText } from '../upgrade/preview.ts';
import { readPreview } from '../upgrade/read-preview.ts';
import { readUpgrade } from '../upgrade/read.ts';
import { ownerOf, stageState, type Begun } from '../upgrade/stage-state.ts';
import type { Wanted } from '../upgrade/target.ts';
import { stageLine } from '../upgrade/text.ts';

export interface UpgradeFlags extends ManagementFlags, Wanted {
  dryRun?: boolean;
  /** false: --no-wait */
  wait: boolean;
}

const LOOK_SECONDS = 2;
const PLACES = {
  KubeadmControlPlane: KUBEADM_CONTROL_PLANES,
  MachineDeployment: MACHINE_DEPLOYMENTS,
  Cluster: CLUSTERS,
};

interface Work {
  cluster: string;
  flags: UpgradeFlags;
  management: Management;
  io: Io;
}

/** Errors: BadInput for what cannot be done, before anything is written; those of the client. */
export function upgrade(cluster: string, flags: UpgradeFlags, io: Io): Promise<number> {
  if ((flags.to === undefined) === (flags.release === undefined)) {
    throw badInput('--to, --release', flags.to, 'one of them');
  }
  return withManagement(flags, async (management) => {
    const work = { cluster, flags, management, io };
    const { facts, stages } = await decide(work);
    if (flags.dryRun === true) return show(facts, stages, work);
    for (const stage of stages) io.out(`${hanging('', stageLine(stage))}\n`);
    const now = (await look(work)).clusters[0];
    for (const stage of stages) {
      const end = await perform(begunFrom(now, stage), work);
      if (end !== 'done') return end;
    }
    io.out(`Cluster ${management.namespace}/${cluster}: done\n`);
    return EXIT.done;
  });
}

async function decide({
  cluster,
  flags,
  management,
}: Work): Promise<{ facts: UpgradeFacts; stages: Stage[] }> {
  const { client, namespace } = management;
  const facts = await readUpgrade(client, namespace, cluster);
  const decision = decideUpgrade(facts, flags);
  if ('stages' in decision) return { facts, stages: decision.stages };
  throw new StatusError(`Cluster ${namespace}/${cluster}: ${decision.refusal}`, { reason: 'BadInput' });
}

/** Ends with 1 when an owner would be declined. */
async function show(
  facts: UpgradeFacts,
  stages: readonly Stage[],
  { management, io }: Work,
): Promise<number> {
  let isDeclined = false;
  for (const stage of stages) {
    const shown = preview(await readPreview(management.client, facts, stage));
    io.out(previewText(shown));
    isDeclined ||= 'declined' in shown;
  }
  return isDeclined ? EXIT.failed : EXIT.done;
}

/** Before the first edit: a topology brings its version to the other owners by itself. */
function begunFrom(cluster: ClusterStatus | undefined, stage: Stage): Begun {
  const isOutdated = stage.edit !== undefined || stage.from !== stage.version;
  const before = isOutdated ? ownerOf(cluster, stage) : undefined;
  return { stage, ...(before ? { before } : {}) };
}

/** `done`, or the exit code. */
async function perform(begun: Begun, work: Work): Promise<'done' | number> {
  const { flags, management, io } = work;
  const { stage } = begun;
  if (stage.edit) {
    await write(stage.edit, management);
    io.err(`${stage.edit.kind} ${management.namespace}/${stage.edit.name}: edited\n`);
  }
  if (flags.wait) return follow(begun, work);
  const end = stage.edit ? undefined : endOf(begun, await look(work), io);
  if (end !== undefined) return end;
  tell(io, 'Not waited for, owners after it are not touched. Follow it: refit status -w');
  return EXIT.done;
}

/**
 * What came before has taken its time. Errors: Failed when somebody else has edited it since, or the API server does not
 * take it: owners before it may be changed already.
 */
async function write(
  { kind, name, from, ...change }: Edit,
  { client, namespace }: Management,
): Promise<void> {
  const what = `${kind} ${namespace}/${name}`;
  try {
    await changeObject(client, PLACES[kind].path(namespace, name), (object) => {
      const now = versionOf(object);
      if (now === from) return change;
      const problem = `was edited meanwhile: got ${now ?? 'no version'}, expected ${from}`;
      throw new StatusError(`${what}: ${problem}`, { reason: 'Failed' });
    });
  } catch (cause) {
    if (!(cause instanceof StatusError) || cause.reason !== 'BadInput') throw cause;
    throw new StatusError(`${what}: ${cause.message}`, { reason: 'Failed', cause });
  }
}

async function follow(begun: Begun, work: Work): Promise<'done' | number> {
  const { management, io } = work;
  const { clock, signal } = management;
  const patient = patience(io);
  let previous: StatusOutput | undefined;
  while (!signal.aborted) {
    const found = await patient(look(work));
    if (found !== 'away') {
      for (const change of changesSince(previous, found)) tell(io, changeText(change));
      previous = found;
      const end = endOf(begun, found, io);
      if (end !== undefined) return end;
    }
    await clock.sleep(LOOK_SECONDS, signal);
  }
  tell(io, 'Not watched any more: what was begun goes on, nothing after it is begun. See refit status -w');
  return EXIT.failed;
}

async function look({ cluster, management }: Work): Promise<StatusOutput> {
  const facts = await readStatus(management.client, management.namespace);
  return statusOutput({ ...facts, cluster }, management.clock.now());
}

/** undefined: it goes on. Otherwise `done`, or the exit code, with the reason said. */
function endOf({ stage, ...begun }: Begun, { clusters }: StatusOutput, io: Io): 'done' | number | undefined {
  const state = stageState(clusters[0], { stage, ...begun });
  if (state.state === 'going') return undefined;
  if (state.state === 'done') return 'done';
  tell(io, `${stage.kind} ${stage.name}: ${state.reason}`, 'refit: ');
  tell(io, 'Nothing after it was begun. When the cause is gone: refit retry, then the same command.');
  return EXIT.failed;
}
