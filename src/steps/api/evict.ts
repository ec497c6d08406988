// One round of a drain: asks each pod of the node to go, and says of each that is still there why.
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { text } from '../../kubernetes/fields.ts';
import type { ApiStepContext } from './api-step.ts';
import { blockedBy } from './disruption-budgets.ts';
import { fateOf, podName } from './evictable.ts';
import { items } from './items.ts';
import { disruptionBudgetsPath, podPath, PODS } from './paths.ts';

export interface Round {
  /** All of the node. */
  pods: readonly JsonObject[];
  /** A line for each that has to go and is still there. */
  left: readonly string[];
}

/** For pods that did not go in time. */
const GRACE_SECONDS = 30;

/** Asks until they end: that is how PodDisruptionBudgets want to be waited for. Errors: Unavailable. */
export function evictPods(context: ApiStepContext): Promise<Round> {
  return round(context, async (pod) => {
    if (endingAt(pod) !== undefined) return;
    const { namespace, name, uid } = identity(pod);
    await context.workload.create(`${podPath(namespace, name)}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
      // One of the same name that came since is another pod.
      deleteOptions: { preconditions: { uid } },
    });
  });
}

/** Whatever a PodDisruptionBudget says; those that are ending get less time for it. Errors: Unavailable. */
export function deletePods(context: ApiStepContext): Promise<Round> {
  return round(context, async (pod) => {
    const { namespace, name, uid } = identity(pod);
    const options = { gracePeriodSeconds: GRACE_SECONDS, preconditions: { uid } };
    await context.workload.delete(podPath(namespace, name), options);
  });
}

async function round(context: ApiStepContext, ask: (pod: JsonObject) => Promise<unknown>): Promise<Round> {
  const { workload, nodeName } = context;
  const pods: JsonObject[] = [];
  for await (const pod of items(workload, PODS, { fieldSelector: `spec.nodeName=${nodeName}` }))
    pods.push(pod);
  const budgetsOf = remembered((namespace: string) => all(context, disruptionBudgetsPath(namespace)));
  const going = pods.filter((pod) => fateOf(pod).go);
  const left = going.map(async (pod) => {
    try {
      await ask(pod);
      const end = endingAt(pod);
      return [`pod ${podName(pod)}: ending${end === undefined ? '' : `, expected by ${end}`}`];
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason === 'NotFound') return [];
      // A budget, a webhook, a namespace that is being deleted: any of them may yield later.
      const { namespace } = identity(pod);
      const budget = error.reason === 'Unavailable' ? blockedBy(pod, await budgetsOf(namespace)) : undefined;
      return [`pod ${podName(pod)}: ${budget ?? error.message}`];
    }
  });
  return { pods, left: (await Promise.all(left)).flat() };
}

async function all({ workload }: ApiStepContext, path: string): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for await (const item of items(workload, path)) found.push(item);
  return found;
}

function remembered<T>(find: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const answer = known.get(key) ?? find(key);
    known.set(key, answer);
    return answer;
  };
}

/** When its grace period is over; undefined: nobody asked it to end. */
function endingAt(pod: JsonObject): string | undefined {
  return text(pod, 'metadata', 'deletionTimestamp');
}

function identity(pod: JsonObject): { namespace: string; name: string; uid: string } {
  return {
    namespace: text(pod, 'metadata', 'namespace') ?? '',
    name: text(pod, 'metadata', 'name') ?? '',
    uid: text(pod, 'metadata', 'uid') ?? '',
  };
}
