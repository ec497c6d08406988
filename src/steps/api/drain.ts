// Cordons the node and moves its pods away by the eviction API. MachineDrainRules of Cluster API are not looked at.
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { at, text } from '../../kubernetes/fields.ts';
import type { ApiStep, ApiStepContext } from './api-step.ts';
import { cordon, removeCordon } from './cordon.ts';
import { deletePods, evictPods, type Round } from './evict.ts';
import { fateOf } from './evictable.ts';
import { hasElsewhere } from './elsewhere.ts';
import { nodePath } from './paths.ts';
import { poll, summary } from './poll.ts';
import { attachmentsToGo, stillThere, type Attachment } from './volumes.ts';

const EVERY_SECONDS = 2;
/** Their grace period, and as much again; the step's pod lives for 120 s longer than its timeout. */
const FORCED_SECONDS = 60;

/** Errors: Failed naming the pods that are left and what keeps them; then a cordon that this operation set is gone. */
export const drain: ApiStep = async (context) => {
  const { flags, nodeName, workload } = context;
  if (flags.drain === 'never')
    return { message: 'not drained: the policy says never; pods stay', changes: [] };
  const found = await cordon(context);
  const changes = found === 'set' ? [{ what: 'unschedulable', to: 'true' }] : [];
  const how = { set: 'cordoned', ours: 'cordoned already', theirs: 'cordoned by somebody else' }[found];
  if (!(await hasElsewhere(workload, await workload.get(nodePath(nodeName))))) {
    return { message: `${how}, not drained: no other node can take its pods, they stay`, changes };
  }
  try {
    const { moved, notes } = await moveAway(context);
    const evicted = moved === 0 ? [] : [{ what: 'pods', from: String(moved), to: '0' }];
    const message = [`${how}; ${moved} pods moved away`, ...notes].join('; ');
    return { message, changes: [...changes, ...evicted] };
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason === 'Unavailable') throw error;
    const end = await restore(context);
    throw new StatusError(`Node ${nodeName}: ${error.message}${end}`, { reason: 'Failed', cause: error });
  }
};

/** For people; that it cannot be done must not hide why it is. */
async function restore(context: ApiStepContext): Promise<string> {
  try {
    return (await removeCordon(context, context.operation)) ? '; uncordoned again' : '';
  } catch (error) {
    return `; not uncordoned: ${error instanceof Error ? error.message : 'no reason given'}`;
  }
}

async function moveAway(context: ApiStepContext): Promise<{ moved: number; notes: string[] }> {
  const { clock, flags } = context;
  const end = clock.monotonic() + limitSeconds(context);
  const rounds = podRounds(context);
  let left = await poll(context, bounds(end - clock.monotonic()), () => rounds.next(evictPods));
  const isForced = left.length > 0 && flags.drainForce;
  if (isForced) {
    context.log(`not evicted in time, deleted now as the policy says: ${summary(left)}`);
    left = await poll(context, bounds(FORCED_SECONDS), () => rounds.next(deletePods));
  }
  if (left.length > 0) throw failed(`not drained in ${limitSeconds(context)} s`, left);
  const volumes = await poll(context, bounds(end - clock.monotonic()), volumeRounds(context, rounds.pods()));
  if (volumes.length > 0 && !flags.drainForce)
    throw failed(`drained, but not in ${limitSeconds(context)} s`, volumes);
  return { moved: rounds.moved(), notes: [...(isForced ? ['some of them by force'] : []), ...volumes] };
}

/** Both bound it: what a person allows Cluster API for the drain of this Machine, and what the policy allows the step. */
export function limitSeconds({
  machine,
  timeoutSeconds,
}: Pick<ApiStepContext, 'machine' | 'timeoutSeconds'>): number {
  const own = at(machine, 'spec', 'deletion', 'nodeDrainTimeoutSeconds');
  return typeof own === 'number' && own > 0 ? Math.min(own, timeoutSeconds) : timeoutSeconds;
}

function bounds(seconds: number) {
  return { seconds, everySeconds: EVERY_SECONDS };
}

/** Says what it waits for when that changes. */
function podRounds(context: ApiStepContext) {
  const gone = new Set<string>();
  const tell = onChange(context);
  let pods: readonly JsonObject[] = [];
  return {
    async next(ask: (context: ApiStepContext) => Promise<Round>): Promise<readonly string[]> {
      const round = await ask(context);
      pods = round.pods;
      for (const pod of pods) if (fateOf(pod).go) gone.add(text(pod, 'metadata', 'uid') ?? '');
      tell(round.left);
      return round.left;
    },
    pods: () => pods,
    moved: () => gone.size,
  };
}

function volumeRounds(context: ApiStepContext, pods: readonly JsonObject[]) {
  const tell = onChange(context);
  let attached: Attachment[] | undefined;
  return async (): Promise<readonly string[]> => {
    attached = attached ? await stillThere(context, attached) : await attachmentsToGo(context, pods);
    const left = attached.map(
      ({ name, volume }) => `volume ${volume} still attached (VolumeAttachment ${name})`,
    );
    tell(left);
    return left;
  };
}

function onChange({ log }: ApiStepContext): (left: readonly string[]) => void {
  let told = '';
  return (left) => {
    const line = left.length === 0 ? '' : `waiting for ${left.length}: ${summary(left)}`;
    if (line !== '' && line !== told) log(line);
    told = line;
  };
}

function failed(what: string, left: readonly string[]): StatusError {
  return new StatusError(`${what}: ${summary(left)}`, { reason: 'Failed' });
}
