// A whole server without HTTP on the embedded store and a clock that the test moves.
import { parsePolicy } from '../../src/api/policy.ts';
import { OPERATION_ANNOTATION, STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../src/api/labels.ts';
import type { HookResponse } from '../../src/api/hooks.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { readRecord, type OperationRecord } from '../../src/api/operation.ts';
import { operationName } from '../../src/api/names.ts';
import { announcer } from '../../src/hook/announce.ts';
import { embeddedStore } from '../../src/hook/embedded/store.ts';
import { silent } from '../../src/hook/log.ts';
import { createMetrics } from '../../src/hook/metrics.ts';
import { createOperations } from '../../src/hook/operations.ts';
import { clusterPolicies } from '../../src/hook/policies.ts';
import { startReconciler } from '../../src/hook/reconcile.ts';
import { hookHandlers } from '../../src/hook/refit-server.ts';
import type { MachineView, Store } from '../../src/hook/store.ts';
import { fakeClock } from './clock.ts';

type Answer = HookResponse & { retryAfterSeconds?: number };

export const NAMESPACE = 'lab';
export const CLUSTER = 'refit';

export interface HookSiteOptions {
  labels?: Record<string, string>;
  policy?: unknown;
  /** Annotation of the Cluster. */
  policyOverride?: string;
  stepSeconds?: number;
  store?: (s: Store) => Store;
  editedAt?: () => number | undefined;
}

/** Each simulated step takes 10 s unless said otherwise. The Cluster is opted in unless labels say otherwise. */
export function hookSite(options: HookSiteOptions = {}) {
  const clock = fakeClock();
  const embedded = embeddedStore({ clock, stepSeconds: () => options.stepSeconds ?? 10 });
  const store = options.store?.(embedded) ?? embedded;
  const state = { policy: parsePolicy(options.policy ?? {}) };
  const policy = clusterPolicies(() => state.policy);
  const metrics = createMetrics(() => store.machines());
  const announce = announcer({ store, log: silent, metrics });
  const operations = createOperations({
    store,
    announce,
    clock,
    log: silent,
    metrics,
    policy,
    version: '0.0.0',
  });
  const background = new AbortController();
  startReconciler({ store, operations, announce, clock, log: silent, metrics, policy }, background.signal);
  const { editedAt = () => undefined } = options;
  const handlers = hookHandlers({ store, clock, metrics, operations, announce, policy, editedAt });
  embedded.addCluster({
    namespace: NAMESPACE,
    name: CLUSTER,
    labels: options.labels ?? { [STRATEGY_LABEL]: STRATEGY_IN_PLACE },
    ...(options.policyOverride === undefined ? {} : { policyOverride: options.policyOverride }),
  });

  const machine = (name: string): MachineView => {
    const found = store.machine(NAMESPACE, name);
    if (!found) throw new Error(`no Machine ${name}`);
    return found;
  };
  const record = (name: string): OperationRecord => {
    const found = readRecord(machine(name).annotations);
    if (found === undefined || found === 'invalid')
      throw new Error(`no record: ${machine(name).annotations[OPERATION_ANNOTATION]}`);
    return found;
  };

  return {
    clock,
    store: embedded,
    metrics,
    handlers,
    machine,
    record,
    setPolicy: (value: unknown) => void (state.policy = parsePolicy(value)),
    update: (body: JsonObject) => handlers.updateMachine(body) as Promise<Answer>,
    workflow: (name: string, number: number) =>
      store.workflow(NAMESPACE, operationName(machine(name), number)),
    events: (reason: string) => embedded.events().filter((event) => event.reason === reason),
    /** Polls as CAPI does until `done` or the message matches; returns the last answer. */
    async poll(body: JsonObject, until: RegExp | 'done', maxPolls = 200): Promise<Answer> {
      for (let poll = 0; poll < maxPolls; poll += 1) {
        const answer = (await handlers.updateMachine(body)) as Answer;
        const isDone = answer.status === 'Success' && answer.retryAfterSeconds === 0;
        if (until === 'done' ? isDone : until.test(answer.message ?? '')) return answer;
        if (isDone) throw new Error(`done, but expected ${String(until)}`);
        await clock.advance(answer.retryAfterSeconds ?? 1);
      }
      throw new Error(`not reached in ${maxPolls} polls: ${String(until)}`);
    },
    async close() {
      background.abort();
      await embedded.close();
    },
  };
}

export type HookSite = ReturnType<typeof hookSite>;
