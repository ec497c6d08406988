// What the server needs from the management cluster. Reads come from caches and cost no API call.
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';

export interface ClusterView {
  namespace: string;
  name: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  /** Its annotation capi-refit.io/policy, as it stands there. */
  policyOverride?: string;
}

export interface MachineView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  deleting: boolean;
  /** Since when, if it is. */
  deletingSince?: string;
  cluster: string;
  /** spec.version */
  version?: string;
  /** status.nodeRef.name */
  nodeName?: string;
  /** status.nodeInfo.kubeletVersion: what the Node reports. */
  kubeletVersion?: string;
  /** Condition NodeReady; undefined when CAPI does not say. */
  nodeReady?: boolean;
  /** Monotonic seconds since which this process sees CAPI not updating it; absent while CAPI does. */
  restsSince?: number;
}

export interface MachineDeploymentView {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  /** Monotonic seconds at which this process first saw this generation. */
  seenAt: number;
  /** What spec.template.spec asks for. */
  version?: string;
  bootstrapRef?: string;
  infrastructureRef?: string;
}

export type WorkflowPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Error';
export type TaskPhase = WorkflowPhase | 'Skipped' | 'Omitted';

export interface TaskView {
  name: string;
  phase: TaskPhase;
  message?: string;
  startedAt?: string;
  finishedAt?: string;
  /** Output parameters. */
  outputs: Readonly<Record<string, string>>;
  /** Of a task that is a DAG of its own: those of its steps that began. */
  steps?: readonly TaskView[];
}

export interface WorkflowView {
  namespace: string;
  name: string;
  machine: string;
  phase: WorkflowPhase;
  message?: string;
  /** spec.shutdown is set: it was told to stop. */
  stopping: boolean;
  finishedAt?: string;
  /** Workflows of its namespace that have the lock it waits for, as far as Argo says so. */
  lockHolders?: readonly string[];
  /** Steps of the DAG in the order of the spec: those that did not start are Pending. */
  tasks: readonly TaskView[];
  /** The exit handler's task, once it began. */
  finish?: TaskView;
}

export interface EventInput {
  /** The object that the Event is about. */
  kind: 'Cluster' | 'ConfigMap' | 'KubeadmControlPlane' | 'Machine' | 'MachineDeployment';
  namespace: string;
  name: string;
  /** Absent: not known. */
  uid?: string;
  type: 'Normal' | 'Warning';
  /** CamelCase */
  reason: string;
  message: string;
}

export type Change =
  | { kind: 'Machine'; machine: MachineView }
  | { kind: 'Workflow'; workflow: WorkflowView; previous?: WorkflowView };

export interface Store {
  /** Begins to fill the caches; `ready` says when they are. */
  start(): Promise<void>;
  ready(): boolean;
  close(): Promise<void>;
  onChange(listener: (change: Change) => void): void;

  cluster(namespace: string, name: string): ClusterView | undefined;
  machine(namespace: string, name: string): MachineView | undefined;
  machines(): Iterable<MachineView>;
  machineDeployment(namespace: string, name: string): MachineDeploymentView | undefined;
  workflow(namespace: string, name: string): WorkflowView | undefined;

  /** Reads the Machine from the API server: after a conflict. */
  readMachine(namespace: string, name: string): Promise<MachineView | undefined>;
  /**
   * Sets (null: removes) annotations if the Machine is still at that resourceVersion; the caches see the result at once.
   * Errors: StatusError Conflict, NotFound, Unavailable.
   */
  annotateMachine(
    machine: MachineView,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<MachineView>;
  /** Creates it; `exists` when one of that name is there. Errors: Unavailable, BadInput. */
  createWorkflow(workflow: IWorkflow): Promise<'created' | 'exists'>;
  /** Reads the Workflow from the API server. */
  readWorkflow(namespace: string, name: string): Promise<WorkflowView | undefined>;
  /** Name of the Workflow that puts an operation of the Machine back, unless it has ended. Asked of the API server. */
  openRollback(machine: Pick<MachineView, 'namespace' | 'uid'>): Promise<string | undefined>;
  /** spec.shutdown: Stop, so that the exit handler still runs. No error when it is gone. */
  stopWorkflow(namespace: string, name: string): Promise<void>;
  /** Has Argo delete one that has ended, as if its time were over. No error when it is gone. */
  expireWorkflow(namespace: string, name: string): Promise<void>;
  /** Makes sure that the semaphore of a Cluster's workers has this limit. */
  limitWorkers(cluster: ClusterView, limit: number): Promise<void>;
  /** Records it; the same one again is counted, at most every 10 minutes. */
  emitEvent(event: EventInput): Promise<void>;
}
