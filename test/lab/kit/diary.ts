// What happened to the Machines, their owners and the Workflows of a namespace, in order: kept by watches of the API
// server.
import { Watch } from '@kubernetes/client-node';
import { isObject, type JsonValue } from '../../../src/api/json.ts';
import { askedVersion } from '../../../src/api/external-owner.ts';
import { PAUSED_ANNOTATION } from '../../../src/api/labels.ts';
import { list, text, texts } from '../../../src/kubernetes/fields.ts';
import {
  KUBEADM_CONTROL_PLANES,
  MACHINE_DEPLOYMENTS,
  MACHINES,
  WORKFLOWS,
} from '../../../src/hook/kubernetes/resources.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { Site } from './site.ts';
import { machineOf, workflowOf } from './state.ts';

export interface Entry {
  name: string;
  what: string;
}

export interface Diary {
  /**
   * Of Machines: `made`, `updating` and `updated` (its Updating condition), `shows v1.34.3` (its Node's version),
   * `operation 1 running`, `deleted`.
   */
  machines: readonly Entry[];
  /** `asks v1.34.3`, or `asks v1.34.3, paused (capi-refit.io)`: with the value of the annotation on it. */
  owners: readonly Entry[];
  /** Their phases, and those of their last step: `finish Succeeded`. */
  workflows: readonly Entry[];
  /** Errors: a watch ended early, and why. */
  close(): void;
}

/** From now on. */
export async function keepDiary(site: Site): Promise<Diary> {
  const owners: Entry[] = [];
  const followed = [
    await follow(site, MACHINES.path(site.namespace), aboutMachine),
    await follow(site, WORKFLOWS.path(site.namespace), aboutWorkflow),
    await follow(site, KUBEADM_CONTROL_PLANES.path(site.namespace), aboutOwner, owners),
    await follow(site, MACHINE_DEPLOYMENTS.path(site.namespace), aboutOwner, owners),
  ] as const;
  return {
    machines: followed[0].entries,
    workflows: followed[1].entries,
    owners,
    close: () => followed.forEach((one) => one.close()),
  };
}

/** At once, at most. */
export function mostUpdating({ machines }: Diary): number {
  return mostAtOnce(machines, 'updating', ['updated', 'deleted']);
}

/** At once, at most: those that wait for their turn do not run. */
export function mostRunning({ workflows }: Diary): number {
  return mostAtOnce(workflows, 'Running', ['Succeeded', 'Failed', 'Error', 'deleted']);
}

const ENDS = ['succeeded', 'failed', 'cancelled'];

/** In their first operation, at once, at most. */
export function mostOperated({ machines }: Diary): number {
  return mostAtOnce(
    machines,
    'operation 1 running',
    ENDS.map((end) => `operation 1 ${end}`),
  );
}

/** Machines that came or went. */
export function replaced({ machines }: Diary): Entry[] {
  return machines.filter(({ what }) => what === 'made' || what === 'deleted');
}

/** How many were between two facts at the same time, at most. */
function mostAtOnce(entries: readonly Entry[], from: string, until: readonly string[]): number {
  const between = new Set<string>();
  return entries.reduce((most, { name, what }) => {
    if (what === from) between.add(name);
    if (until.includes(what)) between.delete(name);
    return Math.max(most, between.size);
  }, 0);
}

const MOST_QUIET_MS = 10 * 60 * 1000;

type Facts = (string | undefined)[];

/** One entry for each fact that is not as it was before. */
async function follow(
  site: Site,
  path: string,
  factsOf: (object: JsonValue) => Facts,
  entries: Entry[] = [],
) {
  const present = await expectOk(site.api.get(path));
  const known = new Map(list(present, 'items').map((object) => [nameOf(object), factsOf(object)]));
  const note = (type: string, object: JsonValue) => {
    const name = nameOf(object);
    const before = known.get(name) ?? [];
    if (!known.has(name)) entries.push({ name, what: 'made' });
    const now = type === 'DELETED' ? ['deleted'] : factsOf(object);
    known.set(name, now);
    for (const [index, what] of now.entries()) {
      if (what !== undefined && what !== before[index]) entries.push({ name, what });
    }
  };
  let [isClosed, failure]: [boolean, unknown] = [false, undefined];
  const ended = (error: unknown) => {
    if (!isClosed) failure = error ?? new Error('ended by the server');
  };
  const from = { resourceVersion: text(present, 'metadata', 'resourceVersion') };
  const watch = new Watch(site.kubeConfig);
  // It would give up after 30 s in which nothing happens.
  Object.assign(watch, { requestTimeoutMs: MOST_QUIET_MS });
  const controller = await watch.watch(path, from, note, ended);
  return {
    entries,
    close() {
      isClosed = true;
      controller.abort();
      if (failure !== undefined) throw new Error(`watch of ${path}: ended early`, { cause: failure });
    },
  };
}

function nameOf(object: JsonValue): string {
  return text(object, 'metadata', 'name') ?? '';
}

function aboutMachine(object: JsonValue): Facts {
  const { conditions, kubeletVersion, operation } = machineOf(object);
  const updating = conditions['Updating']?.status;
  return [
    updating === 'True' ? 'updating' : updating === 'False' ? 'updated' : undefined,
    kubeletVersion && `shows ${kubeletVersion}`,
    operation && `operation ${operation.number} ${operation.state}`,
  ];
}

function aboutOwner(object: JsonValue): Facts {
  const paused = texts(object, 'metadata', 'annotations')[PAUSED_ANNOTATION];
  const pause = paused === undefined ? '' : `, paused (${paused})`;
  return [`asks ${askedVersion(isObject(object) ? object : {})}${pause}`];
}

function aboutWorkflow(object: JsonValue): Facts {
  const { phase, finish } = workflowOf(object);
  return [phase, finish && `finish ${finish}`];
}
