// What happened to the Machines and Workflows of a namespace, in order: kept by watches of the API server.
import { Watch } from '@kubernetes/client-node';
import type { JsonValue } from '../../../src/api/json.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { MACHINES, WORKFLOWS } from '../../../src/hook/kubernetes/resources.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { Site } from './site.ts';
import { machineOf, workflowOf } from './state.ts';

export interface Entry {
  name: string;
  what: string;
}

export interface Diary {
  /**
   * Of Machines: `updating` and `updated` (its Updating condition), `shows v1.34.3` (its Node's version),
   * `operation 1 running`, `deleted`.
   */
  machines: readonly Entry[];
  /** Their phases, and those of their last step: `finish Succeeded`. */
  workflows: readonly Entry[];
  /** Errors: a watch ended early, and why. */
  close(): void;
}

/** From now on. */
export async function keepDiary(site: Site): Promise<Diary> {
  const followed = [
    await follow(site, MACHINES.path(site.namespace), aboutMachine),
    await follow(site, WORKFLOWS.path(site.namespace), aboutWorkflow),
  ] as const;
  return {
    machines: followed[0].entries,
    workflows: followed[1].entries,
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
async function follow(site: Site, path: string, factsOf: (object: JsonValue) => Facts) {
  const present = await expectOk(site.api.get(path));
  const known = new Map(list(present, 'items').map((object) => [nameOf(object), factsOf(object)]));
  const entries: Entry[] = [];
  const note = (type: string, object: JsonValue) => {
    const name = nameOf(object);
    const before = known.get(name) ?? [];
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

function aboutWorkflow(object: JsonValue): Facts {
  const { phase, finish } = workflowOf(object);
  return [phase, finish && `finish ${finish}`];
}
