// Plays kubelet and Argo's executor for step pods, since nothing runs pods here: a pod starts when it is seen and ends
// as the script says, with the statuses and the WorkflowTaskResult that the real ones would write.
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type JsonObject } from '../../src/api/json.ts';
import { list, text } from '../../src/kubernetes/fields.ts';
import {
  ARGO,
  endedStatus,
  mainArguments,
  runningStatus,
  taskResult,
  template,
  workflowOf,
  type Ending,
} from '../helpers/argo-pod.ts';
import { type Api, expectOk } from './api.ts';

const pollEveryMs = 50;

/** One try of a step: one pod. */
export interface Try {
  workflow: string;
  /** Name of the template. */
  step: string;
  /** 0: the first one. */
  attempt: number;
  /** Of the step's container. */
  args: readonly string[];
}

/** How a try ends; undefined: it still runs, ask again. */
export type Script = (current: Try) => Ending | undefined;

export interface PlayedEvent extends Try {
  what: 'started' | 'ended';
}

export interface PodPlayer {
  /** In the order in which it happened, over all Workflows. */
  events: readonly PlayedEvent[];
  /** Errors: what stopped it before. */
  stop(): Promise<void>;
}

export function startPodPlayer(api: Api, namespace: string, script: Script): PodPlayer {
  const events: PlayedEvent[] = [];
  /** UID of the pod -> what it is. */
  const seen = new Map<string, { current: Try; isOver: boolean }>();
  const stopping = new AbortController();
  const podsPath = `/api/v1/namespaces/${namespace}/pods`;
  const resultsPath = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/workflowtaskresults`;

  async function play(pod: JsonObject): Promise<void> {
    const uid = text(pod, 'metadata', 'uid') ?? '';
    const known = seen.get(uid) ?? { current: tryOf(pod), isOver: false };
    if (!seen.has(uid)) {
      seen.set(uid, known);
      await writeStatus(pod, runningStatus(pod));
      events.push({ ...known.current, what: 'started' });
    }
    const ending = known.isOver ? undefined : script(known.current);
    if (ending === undefined) return;
    known.isOver = true;
    await end(pod, ending);
    events.push({ ...known.current, what: 'ended' });
  }

  async function end(pod: JsonObject, ending: Ending): Promise<void> {
    await expectOk(api.create(resultsPath, taskResult(pod, ending.outputs ?? {})));
    await writeStatus(pod, endedStatus(pod, ending));
  }

  async function writeStatus(pod: JsonObject, status: JsonObject): Promise<void> {
    const { status: code } = await api.patch(`${podsPath}/${text(pod, 'metadata', 'name')}/status`, {
      status,
    });
    // Argo deletes pods at any time.
    if (code !== 200 && code !== 404) throw new Error(`status of a pod: got ${code}, expected 200`);
  }

  async function playUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      const pods = await expectOk(api.get(`${podsPath}?labelSelector=${ARGO}/completed=false`));
      for (const pod of list(pods, 'items').filter(isObject)) await play(pod);
      await sleep(pollEveryMs);
    }
  }

  let failure: Error | undefined;
  const played = playUntilStopped().catch((error: Error) => (failure = error));
  return {
    events,
    async stop() {
      stopping.abort();
      await played;
      if (failure !== undefined) throw failure;
    },
  };
}

function tryOf(pod: JsonObject): Try {
  const number = /\((\d+)\)$/.exec(text(pod, 'metadata', 'annotations', `${ARGO}/node-name`) ?? '')?.[1];
  return {
    workflow: workflowOf(pod),
    step: text(template(pod), 'name') ?? '',
    attempt: Number(number),
    args: mainArguments(pod),
  };
}
