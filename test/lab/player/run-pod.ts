// One pod from its start to its end: the container that does the step, and what kubelet and Argo's executor write about it.
import type { Clock } from '../../../src/api/clock.ts';
import { EXIT } from '../../../src/api/commands.ts';
import { StatusError } from '../../../src/api/errors.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { at, text } from '../../../src/kubernetes/fields.ts';
import { podPath } from '../../../src/steps/api/paths.ts';
import { patientClient } from '../../../src/steps/launcher/patient-client.ts';
import { endedStatus, runningStatus, taskResult, type Ending } from '../../helpers/argo-pod.ts';
import { playStep, type Stage } from './play-step.ts';

export interface RunPodOptions {
  /** Asks again while the API server is away. */
  admin: ApiClient;
  stage: Stage;
  /** The real one. */
  clock: Clock;
  log: (line: string) => void;
}

/** Where all pods run; there is no Node of that name, and nobody asks for it. */
const NODE = 'lab';

export async function runPod(pod: JsonObject, options: RunPodOptions, stop: AbortSignal): Promise<void> {
  const { admin, stage } = options;
  const [namespace, name] = [text(pod, 'metadata', 'namespace') ?? '', text(pod, 'metadata', 'name') ?? ''];
  const uid = text(pod, 'metadata', 'uid') ?? '';
  const path = podPath(namespace, name);
  const log = (line: string): void => options.log(`${namespace}/${name}: ${line}`);
  const deadline = deadlineOf(pod);
  const signal = AbortSignal.any([stop, deadline]);

  async function write(status: JsonObject): Promise<void> {
    await unlessGone(admin.mergePatch(`${path}/status`, { metadata: { uid }, status }));
  }

  async function play(): Promise<Ending> {
    try {
      const ending = await playStep(pod, stage, { log, signal });
      await report(ending.outputs ?? {});
      return ending;
    } catch (error) {
      log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return { exitCode: EXIT.failed, message: String(error) };
    }
  }

  /** As step pods may, and no more. */
  async function report(outputs: Readonly<Record<string, string>>): Promise<void> {
    const { client } = await stage.clusters.management(namespace);
    const waits = {
      name: 'management cluster',
      clock: options.clock,
      log,
      signal: new AbortController().signal,
    };
    const management = patientClient(client, waits);
    const result = taskResult(pod, outputs);
    const results = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/workflowtaskresults`;
    try {
      await management.create(results, result);
    } catch (error) {
      // Of an earlier run of this pod.
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      await management.mergePatch(`${results}/${text(result, 'metadata', 'name') ?? ''}`, result);
    }
  }

  if (text(pod, 'status', 'phase') !== 'Running') {
    // Only a pod that is on a node is given time to end.
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name },
      target: { kind: 'Node', name: NODE },
    };
    await unlessGone(admin.create(`${path}/binding`, binding));
    await write(runningStatus(pod));
  }
  const ended = endedStatus(pod, await play());
  await write(deadline.aborted ? { ...ended, ...DEADLINE_EXCEEDED } : ended);
}

const DEADLINE_EXCEEDED = {
  phase: 'Failed',
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

function deadlineOf(pod: JsonObject): AbortSignal {
  const seconds = at(pod, 'spec', 'activeDeadlineSeconds');
  return typeof seconds === 'number' ? AbortSignal.timeout(seconds * 1000) : new AbortController().signal;
}

/** Argo deletes pods at any time, and makes others of the same name: those refuse the UID. */
async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const isAnother = error.message.includes('metadata.uid: Invalid value');
    if (!isAnother && !['NotFound', 'Conflict'].includes(error.reason)) throw error;
  }
}
