// Kubelet for all pods that Argo makes: each is run once, is told to stop when somebody deletes it, and goes then.
import type { Clock } from '../../../src/api/clock.ts';
import { StatusError } from '../../../src/api/errors.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { Cache } from '../../../src/hook/kubernetes/cache.ts';
import { reflect } from '../../../src/hook/kubernetes/reflector.ts';
import type { Log } from '../../../src/hook/log.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { at, text } from '../../../src/kubernetes/fields.ts';
import { limitConcurrency } from '../../../src/kubernetes/timeouts.ts';
import { PODS, podPath } from '../../../src/steps/api/paths.ts';
import { WORKFLOW_LABEL } from '../../helpers/argo-pod.ts';

export interface KubeletOptions {
  /** Not a patient one: it comes back by itself. */
  client: ApiClient;
  /** Asks again while the API server is away. */
  patient: ApiClient;
  clock: Clock;
  log: Log;
  /** Pods that run at once. */
  limit: number;
  /** The pods that there are are known. */
  ready: () => void;
  /** Until the pod has ended. Never throws for what a pod can cause. */
  run: (pod: JsonObject, stop: AbortSignal) => Promise<void>;
}

const LOOK_SECONDS = 0.1;

interface PodView {
  path: string;
  uid: string;
  /** asked: to go. gone: nothing is left to do for it. */
  state: 'live' | 'over' | 'asked' | 'gone';
  /** Only of one that may have to be run. */
  object?: JsonObject;
}

interface Run {
  stop: AbortController;
  ended: Promise<void>;
}

/** Pods that ran when this process was ended are run again: steps find done what is done. Runs until the signal aborts. */
export async function keepPods(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  const { client, patient, clock, log, limit, ready, run } = options;
  const runs = new Map<string, Run>();
  /** UIDs of pods that go. */
  const going = new Set<string>();
  const limited = limitConcurrency(limit);

  function start({ uid, object }: PodView): void {
    if (object === undefined || runs.has(uid)) return;
    const stop = new AbortController();
    const ended = limited(async () => (stop.signal.aborted ? undefined : run(object, stop.signal)))
      .catch((error: unknown) => log.error({ err: error }, 'pod failed'))
      .finally(() => void runs.delete(uid));
    runs.set(uid, { stop, ended });
  }

  async function letGo({ uid, path }: PodView): Promise<void> {
    if (going.has(uid)) return;
    going.add(uid);
    const current = runs.get(uid);
    current?.stop.abort();
    await current?.ended;
    try {
      await patient.delete(path, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!(error instanceof StatusError) || !['NotFound', 'Conflict'].includes(error.reason)) throw error;
    }
  }

  function forget(uid: string): void {
    runs.get(uid)?.stop.abort();
    going.delete(uid);
  }

  const cache = new Cache<PodView>({
    reduce: viewOf,
    changed(view, previous) {
      if (previous && previous.uid !== view.uid) forget(previous.uid);
      if (view === previous) forget(view.uid);
      else if (view.state === 'live') start(view);
      else if (view.state === 'asked') {
        letGo(view).catch((error: unknown) => log.error({ err: error }, 'pod not deleted'));
      }
    },
  });
  const resource = { name: 'pods', path: () => PODS };
  const query = { labelSelector: WORKFLOW_LABEL };
  // Refit waits for up to 45 s between two tries, so as not to crowd a server that starts; here stories wait for us.
  const eager = {
    ...clock,
    sleep: (seconds: number, until?: AbortSignal) => clock.sleep(Math.min(seconds, 2), until),
  };
  const kept = reflect({ client, clock: eager, log, random: Math.random, resource, query, cache }, signal);
  while (!cache.listed && !signal.aborted) await clock.sleep(LOOK_SECONDS, signal);
  ready();
  await kept;
}

function viewOf(pod: JsonObject): PodView {
  const view = {
    path: podPath(text(pod, 'metadata', 'namespace') ?? '', text(pod, 'metadata', 'name') ?? ''),
    uid: text(pod, 'metadata', 'uid') ?? '',
  };
  if (text(pod, 'metadata', 'deletionTimestamp') !== undefined) {
    // With none left somebody's finalizer is all that holds it.
    const hasTime = at(pod, 'metadata', 'deletionGracePeriodSeconds') !== 0;
    return { ...view, state: hasTime ? 'asked' : 'gone' };
  }
  const isOver = ['Succeeded', 'Failed'].includes(text(pod, 'status', 'phase') ?? '');
  return isOver ? { ...view, state: 'over' } : { ...view, state: 'live', object: pod };
}
