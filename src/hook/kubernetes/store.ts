// The store on a Kubernetes API server. Reads are answered from caches; every write is a create or a merge patch.
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import { isObject, type JsonObject } from '../../api/json.ts';
import { MACHINE_UID_LABEL, MANAGED_BY, MANAGED_BY_LABEL, ROLLBACK_LABEL } from '../../api/labels.ts';
import type { Log } from '../log.ts';
import type {
  Change,
  ClusterView,
  MachineDeploymentView,
  MachineView,
  Store,
  WorkflowView,
} from '../store.ts';
import { createApiClient, type Query } from '../../kubernetes/api-client.ts';
import { list } from '../../kubernetes/fields.ts';
import { Cache } from './cache.ts';
import { eventRecorder } from './event-recorder.ts';
import { reflect } from './reflector.ts';
import { CLUSTERS, MACHINES, MACHINE_DEPLOYMENTS, WORKFLOWS, type Resource } from './resources.ts';
import { clusterView, machineAtRestView, machineDeploymentView, machineView } from './views.ts';
import { workerLimiter } from './worker-limit.ts';
import { workflowView } from './workflow-view.ts';

/** Somebody tries again by hand. */
const MAX_ROLLBACKS = 100;

export interface KubernetesStoreOptions {
  kubeConfig: KubeConfig;
  clock: Clock;
  log: Log;
  /** 0 to 1; for jitter. */
  random?: () => number;
}

export function kubernetesStore({
  kubeConfig,
  clock,
  log,
  random = Math.random,
}: KubernetesStoreOptions): Store {
  const client = createApiClient(kubeConfig, clock);
  const listeners: ((change: Change) => void)[] = [];
  const stopped = new AbortController();
  let reflectors: Promise<void>[] = [];

  const clusters = new Cache<ClusterView>({ reduce: clusterView, changed: () => undefined });
  const machines = new Cache<MachineView>({
    reduce: (object, previous) => machineAtRestView(object, clock.monotonic(), previous),
    changed: (machine) => tell({ kind: 'Machine', machine }),
  });
  const deployments = new Cache<MachineDeploymentView>({
    reduce: (object, previous) => machineDeploymentView(object, clock.monotonic(), previous),
    changed: () => undefined,
  });
  const workflows = new Cache<WorkflowView>({
    reduce: workflowView,
    changed: (workflow, previous) =>
      tell({ kind: 'Workflow', workflow, ...(previous === undefined ? {} : { previous }) }),
  });

  /** What a listener throws must not stop a watch. */
  function tell(change: Change): void {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        log.error({ err: error }, 'listener failed');
      }
    }
  }

  function keep<V>(cache: Cache<V>, resource: Resource, query: Query = {}): Promise<void> {
    return reflect({ client, clock, log, random, resource, query, cache }, stopped.signal);
  }

  return {
    async start() {
      reflectors = [
        keep(clusters, CLUSTERS),
        keep(machines, MACHINES),
        keep(deployments, MACHINE_DEPLOYMENTS),
        keep(workflows, WORKFLOWS, { labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}` }),
      ];
    },
    ready: () => [clusters, machines, deployments, workflows].every((cache) => cache.listed),
    async close() {
      stopped.abort();
      await Promise.all(reflectors);
      await client.close();
    },
    onChange: (listener) => listeners.push(listener),

    cluster: (namespace, name) => clusters.get(namespace, name),
    machine: (namespace, name) => machines.get(namespace, name),
    machines: () => machines.values(),
    machineDeployment: (namespace, name) => deployments.get(namespace, name),
    workflow: (namespace, name) => workflows.get(namespace, name),

    async readMachine(namespace, name) {
      const machine = await unless('NotFound', client.get(MACHINES.path(namespace, name)));
      if (machine) machines.put(machine);
      return machine && machineView(machine);
    },
    async annotateMachine({ namespace, name, resourceVersion }, annotations) {
      const patch = { metadata: { resourceVersion, annotations: { ...annotations } } };
      const machine = await client.mergePatch(MACHINES.path(namespace, name), patch);
      machines.put(machine);
      return machineView(machine);
    },
    async createWorkflow(workflow) {
      const path = WORKFLOWS.path(workflow.metadata?.namespace ?? '');
      const created = await unless('AlreadyExists', client.create(path, workflow));
      if (created) workflows.put(created);
      return created ? 'created' : 'exists';
    },
    async readWorkflow(namespace, name) {
      const workflow = await unless('NotFound', client.get(WORKFLOWS.path(namespace, name)));
      return workflow && workflowView(workflow);
    },
    async openRollback({ namespace, uid }) {
      const query = { labelSelector: `${MACHINE_UID_LABEL}=${uid},${ROLLBACK_LABEL}`, limit: MAX_ROLLBACKS };
      const found = list(await client.get(WORKFLOWS.path(namespace), query), 'items').filter(isObject);
      return found.map(workflowView).find(({ finishedAt }) => finishedAt === undefined)?.name;
    },
    async stopWorkflow(namespace, name) {
      const patch = { spec: { shutdown: 'Stop' } };
      const workflow = await unless('NotFound', client.mergePatch(WORKFLOWS.path(namespace, name), patch));
      if (workflow) workflows.put(workflow);
    },
    async expireWorkflow(namespace, name) {
      const at = { secondsAfterCompletion: 0, secondsAfterSuccess: 0, secondsAfterFailure: 0 };
      const patch = { spec: { ttlStrategy: at } };
      const workflow = await unless('NotFound', client.mergePatch(WORKFLOWS.path(namespace, name), patch));
      if (workflow) workflows.put(workflow);
    },
    limitWorkers: workerLimiter(client, clock),
    emitEvent: eventRecorder(client, clock),
  };
}

async function unless(
  reason: StatusError['reason'],
  answer: Promise<JsonObject>,
): Promise<JsonObject | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && error.reason === reason) return undefined;
    throw error;
  }
}
