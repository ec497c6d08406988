// Plays kubelet and Argo's executor for step pods, since nothing runs pods here: a pod starts when it is seen and ends
// as the script says, with the statuses and the WorkflowTaskResult that the real ones would write.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../../src/api/json.ts';
import { at, list, text } from '../../src/kubernetes/fields.ts';
import { type Api, expectOk } from './api.ts';

const ARGO = 'workflows.argoproj.io';
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

export interface Ending {
  exitCode: number;
  /** The container's termination message. */
  message?: string;
  /** What the container wrote; those that the template does not declare are left out. */
  outputs?: Readonly<Record<string, string>>;
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

  async function play(pod: JsonValue): Promise<void> {
    const uid = text(pod, 'metadata', 'uid') ?? '';
    const known = seen.get(uid) ?? { current: tryOf(pod), isOver: false };
    if (!seen.has(uid)) {
      seen.set(uid, known);
      await writeStatus(pod, 'Running', { running: { startedAt: now() } });
      events.push({ ...known.current, what: 'started' });
    }
    const ending = known.isOver ? undefined : script(known.current);
    if (ending === undefined) return;
    known.isOver = true;
    await end(pod, ending);
    events.push({ ...known.current, what: 'ended' });
  }

  async function end(pod: JsonValue, { exitCode, message, outputs = {} }: Ending): Promise<void> {
    await expectOk(api.create(resultsPath, taskResult(pod, outputs)));
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const terminated = { exitCode, reason, finishedAt: now(), ...(message === undefined ? {} : { message }) };
    await writeStatus(pod, exitCode === 0 ? 'Succeeded' : 'Failed', { terminated });
  }

  async function writeStatus(pod: JsonValue, phase: string, main: JsonObject): Promise<void> {
    const hasEnded = 'terminated' in main;
    const status = (container: JsonValue, state: JsonObject) => ({
      ...{ name: text(container, 'name'), image: 'example.com/image', imageID: '' },
      ...{ ready: !hasEnded, restartCount: 0, state },
    });
    const executor = hasEnded
      ? { terminated: { exitCode: 0, reason: 'Completed', finishedAt: now() } }
      : main;
    const body = {
      phase,
      containerStatuses: list(pod, 'spec', 'containers').map((container) =>
        status(container, text(container, 'name') === 'main' ? main : executor),
      ),
    };
    const { status: code } = await api.patch(`${podsPath}/${text(pod, 'metadata', 'name')}/status`, {
      status: body,
    });
    // Argo deletes pods at any time.
    if (code !== 200 && code !== 404) throw new Error(`status of a pod: got ${code}, expected 200`);
  }

  async function playUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      const pods = await expectOk(api.get(`${podsPath}?labelSelector=${ARGO}/completed=false`));
      for (const pod of list(pods, 'items')) await play(pod);
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

function tryOf(pod: JsonValue): Try {
  const number = /\((\d+)\)$/.exec(text(pod, 'metadata', 'annotations', `${ARGO}/node-name`) ?? '')?.[1];
  const main = list(pod, 'spec', 'containers').find((container) => text(container, 'name') === 'main');
  return {
    workflow: text(pod, 'metadata', 'labels', `${ARGO}/workflow`) ?? '',
    step: text(template(pod), 'name') ?? '',
    attempt: Number(number),
    args: list(main, 'args').map(String),
  };
}

/** What the executor writes: outputs that are not there take their default. */
function taskResult(pod: JsonValue, outputs: Readonly<Record<string, string>>): JsonObject {
  const parameters = list(template(pod), 'outputs', 'parameters').map((parameter) => {
    const name = text(parameter, 'name') ?? '';
    return { name, value: outputs[name] ?? at(parameter, 'valueFrom', 'default') ?? '' };
  });
  const labels = {
    [`${ARGO}/workflow`]: text(pod, 'metadata', 'labels', `${ARGO}/workflow`) ?? '',
    [`${ARGO}/report-outputs-completed`]: 'true',
  };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'WorkflowTaskResult',
    metadata: { name: text(pod, 'metadata', 'annotations', `${ARGO}/node-id`) ?? '', labels },
    outputs: { parameters },
  };
}

/** Argo hands it to its executor. */
function template(pod: JsonValue): JsonValue {
  const containers = [...list(pod, 'spec', 'initContainers'), ...list(pod, 'spec', 'containers')];
  const variables = containers.flatMap((container) => list(container, 'env'));
  const found = variables.find((variable) => text(variable, 'name') === 'ARGO_TEMPLATE');
  return JSON.parse(text(found, 'value') ?? '{}') as JsonObject;
}

function now(): string {
  return new Date().toISOString();
}
