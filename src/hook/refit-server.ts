// Puts the parts of the server together around a store.
import { announcer } from './announce.ts';
import type { Clock } from '../api/clock.ts';
import type { UpdateRequest } from '../api/hooks.ts';
import { StatusError } from '../api/errors.ts';
import type { Policy } from '../api/policy.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { createEditGuard } from './external/edit-guard.ts';
import { startExternal } from './external/external-server.ts';
import type { ExternalServer } from './external/https.ts';
import { countRefusal, type Context } from './handlers/context.ts';
import { canUpdate } from './handlers/can-update.ts';
import { updateMachine } from './handlers/update-machine.ts';
import type { Handlers } from './hooks.ts';
import type { Log } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createOperations } from './operations.ts';
import { clusterPolicies } from './policies.ts';
import { reloadedPolicy, type PolicyReload } from './policy-reload.ts';
import { startReconciler } from './reconcile.ts';
import { createServer, type Server } from './server.ts';
import type { Store } from './store.ts';
import type { TlsMaterial } from './tls.ts';

export interface RefitServerOptions {
  store: Store;
  clock: Clock;
  log: Log;
  /** What counts where a Cluster does not override it. */
  policy: () => Policy;
  /** It may change while the server runs; absent: it does not. */
  reload?: PolicyReload;
  tls: TlsMaterial;
  version: string;
  /** Of the management cluster, for external upgrades; absent: there are none. */
  client?: ApiClient;
  /** Sees every request before it is handled: the embedded store makes the objects that it talks about. */
  before?: (body: unknown) => void;
}

/** `external`: the second port. Closing ends both, and applies new certificates to both. */
export type RefitServer = Server & { external?: ExternalServer };

/** The store must be started by the caller; `close` ends the server and its background work, not the store. */
export function createRefitServer(options: RefitServerOptions): RefitServer {
  const { store, clock, log, version } = options;
  const metrics = createMetrics(
    () => store.machines(),
    (namespace, name) => store.workflow(namespace, name),
  );
  const announce = announcer({ store, log, metrics });
  const background = new AbortController();
  const policy = clusterPolicies(
    options.reload === undefined
      ? options.policy
      : reloadedPolicy(
          { ...options.reload, first: options.policy(), clock, log, metrics, announce },
          background.signal,
        ),
  );
  const operations = createOperations({ store, announce, clock, log, metrics, policy, version });
  startReconciler({ store, operations, announce, clock, log, metrics, policy }, background.signal);
  const { client, tls } = options;
  const guard = createEditGuard({ store, clock });
  const context: Context = {
    store,
    clock,
    metrics,
    operations,
    announce,
    policy,
    accepted: (namespace, name) => guard.accepted(namespace, name),
    editedAt: (namespace, name) => guard.editedAt(namespace, name),
  };
  const handlers = hookHandlers(context, options.before);
  const server = createServer({ tls, handlers, metrics, log, ready: () => store.ready() });
  const external =
    client && startExternal({ ...context, client, guard, log, tls, version }, background.signal);
  return {
    ...server,
    ...(external ? { external } : {}),
    setTls(material) {
      server.setTls(material);
      external?.setTls(material);
    },
    async close() {
      await Promise.all([server.close(), external?.close()]);
      background.abort();
    },
  };
}

/** Without HTTP: for benchmarks and tests too. */
export function hookHandlers(context: Context, before: (body: unknown) => void = () => undefined): Handlers {
  const handle = (hook: UpdateRequest['hook']) => async (body: unknown) => {
    before(body);
    try {
      const answer = await (hook === 'UpdateMachine'
        ? updateMachine(context, body)
        : canUpdate(context, hook, body));
      if (answer.status === 'Failure') countRefusal(context, hook, body);
      return answer;
    } catch (error) {
      // Not yet: settling, or not seen so far; the same request may be answered soon.
      const isPassing = error instanceof StatusError && error.reason === 'Unavailable';
      if (!isPassing) countRefusal(context, hook, body);
      context.metrics.decisions.inc({ hook, decision: isPassing ? 'not-yet' : 'reject' });
      throw error;
    }
  };
  return {
    canUpdateMachine: handle('CanUpdateMachine'),
    canUpdateMachineSet: handle('CanUpdateMachineSet'),
    updateMachine: handle('UpdateMachine'),
  };
}
