// A management cluster with the owners of external.ts, and the API of their workload cluster, on stand-in servers.
import type { Clock } from '../../src/api/clock.ts';
import type { ExternalCommand } from '../../src/api/external-commands.ts';
import { isObject, type JsonObject } from '../../src/api/json.ts';
import { PAUSED_BY_US } from '../../src/api/labels.ts';
import { knownExternal, writeExternal, type ExternalRecord } from '../../src/api/external-record.ts';
import { knownRecord, writeRecord, type OperationRecord } from '../../src/api/operation.ts';
import { createApiClient } from '../../src/kubernetes/api-client.ts';
import { at, text, texts } from '../../src/kubernetes/fields.ts';
import { decideExternal } from '../../src/plan/external.ts';
import type { ExternalFlags } from '../../src/steps/external/external-step.ts';
import { EXTERNAL_STEPS } from '../../src/steps/external/external-steps.ts';
import { runExternal, type ExternalEnd } from '../../src/steps/external/run-external.ts';
import { API_STEPS } from '../../src/steps/api/api-steps.ts';
import { systemClock } from '../../src/cli/clock.ts';
import { ApiServer } from './api-server.ts';
import {
  cluster,
  controlPlane,
  controlPlaneSituation,
  machineDeployment,
  machineOf,
  machineSet,
  TO,
  workerSituation,
} from './external.ts';
import { edited, imageMap, policyOf } from './requests.ts';

const COLLECTIONS: Readonly<Record<string, string>> = {
  Cluster: '/apis/cluster.x-k8s.io/v1beta2/clusters',
  Machine: '/apis/cluster.x-k8s.io/v1beta2/machines',
  MachineSet: '/apis/cluster.x-k8s.io/v1beta2/machinesets',
  MachineDeployment: '/apis/cluster.x-k8s.io/v1beta2/machinedeployments',
  KubeadmControlPlane: '/apis/controlplane.cluster.x-k8s.io/v1beta2/kubeadmcontrolplanes',
  KubeadmConfig: '/apis/bootstrap.cluster.x-k8s.io/v1beta2/kubeadmconfigs',
  KubeadmConfigTemplate: '/apis/bootstrap.cluster.x-k8s.io/v1beta2/kubeadmconfigtemplates',
  MetalMachine: '/apis/infrastructure.cluster.x-k8s.io/v1beta1/metalmachines',
  MetalMachineTemplate: '/apis/infrastructure.cluster.x-k8s.io/v1beta1/metalmachinetemplates',
  Workflow: '/apis/argoproj.io/v1alpha1/workflows',
};

export const WORKFLOW = 'refit-edge-1';

/** An owner that is held, its upgrade 1 running. */
export function held(owner: JsonObject, record: Partial<ExternalRecord> = {}): JsonObject {
  const annotations = writeExternal({
    version: 1,
    number: 1,
    state: 'running',
    to: TO,
    workflow: WORKFLOW,
    ...record,
  });
  const pause = [`/metadata/annotations/cluster.x-k8s.io~1paused`, PAUSED_BY_US] as const;
  return edited(owner, pause, [
    '/metadata/annotations/capi-refit.io~1external',
    Object.values(annotations)[0],
  ]);
}

export class ExternalSite {
  readonly management = new ApiServer();
  readonly workload = new ApiServer();
  /** Does Cluster API look at MachineSets as soon as they change? */
  looksAtSets = true;

  async start(): Promise<void> {
    await Promise.all([this.management.start(), this.workload.start()]);
    this.management.other = (url, response) => {
      const found = discovery(url.pathname);
      if (found) response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
      return found !== undefined;
    };
    this.put(cluster);
    const spec = { template: { spec: { image: 'a' } } };
    for (const name of ['cp-1', 'md-1']) {
      this.put({ kind: 'MetalMachineTemplate', metadata: { namespace: 'site', name }, spec });
    }
    const config = { template: { spec: { joinConfiguration: {} } } };
    this.put({ kind: 'KubeadmConfigTemplate', metadata: { namespace: 'site', name: 'md-1' }, spec: config });
    this.put({ kind: 'Workflow', metadata: { namespace: 'site', name: WORKFLOW } });
    this.management.data.onChange(({ collection, name, after }) => {
      if (this.looksAtSets && collection === COLLECTIONS['MachineSet'] && after) this.lookAtSet(name, after);
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.management.stop(), this.workload.stop()]);
  }

  withControlPlane(owner = held(controlPlane()), names = ['cp-a']): this {
    for (const name of names) this.putMachine('KubeadmControlPlane', name);
    this.put(owner);
    return this;
  }

  withWorkers(owner = held(machineDeployment())): this {
    this.put(owner);
    this.put(machineSet());
    this.put(machineSet('edge-md-0', ['/spec/replicas', 0]));
    for (const name of ['md-a', 'md-b']) this.putMachine('MachineDeployment', name);
    return this;
  }

  put(object: JsonObject): void {
    const [namespace, name] = [
      text(object, 'metadata', 'namespace') ?? '',
      text(object, 'metadata', 'name') ?? '',
    ];
    this.management.data.create({ collection: collectionOf(object), namespace, name }, object);
  }

  patch(kind: string, name: string, patch: JsonObject): void {
    this.management.data.patch({ collection: COLLECTIONS[kind] ?? '', namespace: 'site', name }, patch);
  }

  get(kind: string, name: string): JsonObject {
    const found = this.management.data.get({ collection: COLLECTIONS[kind] ?? '', namespace: 'site', name });
    if (!found) throw new Error(`${kind} ${name} not found`);
    return found;
  }

  annotation(kind: string, name: string, key: string): string | undefined {
    return text(this.get(kind, name), 'metadata', 'annotations', key);
  }

  /** As the controller of Cluster API says that it has seen what was written. */
  lookAtSet(name: string, set = this.get('MachineSet', name)): void {
    const observedGeneration = at(set, 'metadata', 'generation');
    const isPaused = 'cluster.x-k8s.io/paused' in texts(set, 'metadata', 'annotations');
    if (isPaused || observedGeneration === undefined) return;
    if (at(set, 'status', 'observedGeneration') === observedGeneration) return;
    this.patch('MachineSet', name, { status: { observedGeneration } });
  }

  paused(kind: string, name: string): string | undefined {
    return this.annotation(kind, name, 'cluster.x-k8s.io/paused');
  }

  operationOf(machine: string): OperationRecord | undefined {
    return knownRecord(texts(this.get('Machine', machine), 'metadata', 'annotations'));
  }

  externalOf(kind: string, name: string): ExternalRecord | undefined {
    return knownExternal(texts(this.get(kind, name), 'metadata', 'annotations'));
  }

  /** All that an upgrade of the owners of external.ts does with this Machine, until `complete` has recorded it. */
  async upgrade(machine: string): Promise<void> {
    await this.run('begin', ofMachine(machine));
    await this.run('settle', ofMachine(machine));
    const record = this.operationOf(machine);
    if (record === undefined) throw new Error(`Machine ${machine} has no record`);
    const annotations = writeRecord({ ...record, state: 'succeeded' });
    this.patch('Machine', machine, { metadata: { annotations } });
  }

  /** Writes that were asked of the management cluster. */
  written(): string[] {
    return this.management.requests
      .filter(({ verb }) => verb === 'patch')
      .map(({ path }) => path.split('/').slice(-2).join('/'));
  }

  async run(
    command: ExternalCommand,
    changed: Partial<ExternalFlags> = {},
    clock: Clock = systemClock(),
  ): Promise<ExternalEnd> {
    const [management, workload] = [this.management, this.workload].map((server) =>
      createApiClient(server.kubeConfig(), clock),
    ) as [ReturnType<typeof createApiClient>, ReturnType<typeof createApiClient>];
    try {
      return await runExternal(command, flags(changed), {
        management,
        workload,
        clock,
        log: () => undefined,
        signal: new AbortController().signal,
        readImageMap: async () => '',
        isSelfHosted: async () => false,
        apiSteps: API_STEPS,
        externalSteps: EXTERNAL_STEPS,
      });
    } finally {
      await Promise.all([management.close(), workload.close()]);
    }
  }

  private putMachine(kind: 'KubeadmControlPlane' | 'MachineDeployment', name: string): void {
    const { machine, bootstrapConfig, infrastructureMachine } = machineOf(kind, name);
    for (const object of [machine, bootstrapConfig, infrastructureMachine])
      if (isObject(object)) this.put(object);
  }
}

export const OF_WORKERS = { ownerKind: 'MachineDeployment', owner: 'edge-md' } as const;

/** Flags of `begin` and `settle` as the server would plan them. */
export function ofMachine(name: string) {
  const isWorker = name.startsWith('md');
  const policy = policyOf({ imageMap: imageMap(TO) });
  const decision = decideExternal(isWorker ? workerSituation() : controlPlaneSituation(), policy);
  const upgrade = 'upgrades' in decision ? decision.upgrades.find((one) => one.name === name) : undefined;
  return { machine: name, operation: 1, hash: upgrade?.hash ?? '', ...(isWorker ? OF_WORKERS : {}) };
}

function flags(changed: Partial<ExternalFlags>): ExternalFlags {
  return {
    namespace: 'site',
    workflow: WORKFLOW,
    workflowStatus: '',
    cluster: 'edge',
    ownerKind: 'KubeadmControlPlane',
    owner: 'edge-cp',
    number: 1,
    kubernetesVersion: TO,
    machine: '',
    operation: 0,
    hash: '',
    timeoutSeconds: 1,
    ...changed,
  };
}

function collectionOf(object: JsonObject): string {
  return COLLECTIONS[text(object, 'kind') ?? ''] ?? '';
}

/** `/apis/<group>` and `/apis/<group>/<version>`. */
function discovery(path: string): JsonObject | undefined {
  const [, apis, group = '', version, ...more] = path.split('/');
  if (apis !== 'apis' || more.length > 0) return undefined;
  const served = Object.entries(COLLECTIONS).filter(([, collection]) =>
    collection.startsWith(`/apis/${group}/`),
  );
  if (version === undefined) return { preferredVersion: { version: served[0]?.[1].split('/')[3] ?? '' } };
  return { resources: served.map(([kind, collection]) => ({ kind, name: collection.split('/')[4] ?? '' })) };
}
