// The embedded store: a management cluster, Argo and nodes in this process. For trials and tests; nothing is real.
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import type { Clock } from '../../api/clock.ts';
import type { OperationCommand } from '../../api/commands.ts';
import { StatusError } from '../../api/errors.ts';
import type { ImageMap } from '../../api/policy.ts';
import { CONCURRENCY_KEY, concurrencyConfigMapName } from '../../generators/names.ts';
import type {
  Change,
  ClusterView,
  EventInput,
  MachineDeploymentView,
  MachineView,
  Store,
  WorkflowView,
} from '../store.ts';
import { createLocks } from './locks.ts';
import type { SimulatedNode } from './node.ts';
import {
  createObjects,
  key,
  type ClusterInput,
  type MachineDeploymentInput,
  type MachineInput,
} from './objects.ts';
import { runWorkflow, type Run } from './runner.ts';
import { createSteps } from './steps.ts';
import { decodeWorkflow, semaphoreName } from './workflow.ts';

export interface EmbeddedStoreOptions {
  clock: Clock;
  /** How long a step takes; on the clock above. */
  stepSeconds: (step: OperationCommand) => number;
  /** Says which containerd and CNI plugins a release brings; without it they are left alone. */
  imageMap?: () => ImageMap | undefined;
}

export interface RecordedEvent extends EventInput {
  count: number;
}

/** The server's store, and what people, Cluster API and chance do in a real cluster. */
export interface EmbeddedStore extends Store {
  addCluster(input: ClusterInput): ClusterView;
  /** With its node. One of that name is replaced by it. */
  addMachine(input: MachineInput): MachineView;
  /** A known one with another generation counts as edited now. */
  addMachineDeployment(input: MachineDeploymentInput): MachineDeploymentView;
  /** What Cluster API writes before it asks for the update. Errors: NotFound. */
  setMachineVersion(namespace: string, name: string, version: string): MachineView;
  /** Sets the deletion timestamp; the Machine stays. Errors: NotFound. */
  deleteMachine(namespace: string, name: string): MachineView;
  /** Deletes the Workflow by hand; what runs on the node goes on. */
  removeWorkflow(namespace: string, name: string): void;
  /** The next runs of the step, as many as `times`, fail at their end and change nothing. */
  failStep(step: OperationCommand, message: string, times?: number): void;
  node(namespace: string, name: string): SimulatedNode | undefined;
  /** As submitted. */
  workflowObject(namespace: string, name: string): IWorkflow | undefined;
  events(): readonly RecordedEvent[];
}

interface StoredWorkflow {
  object: IWorkflow;
  run: Run;
  view: WorkflowView;
}

export function embeddedStore({
  clock,
  stepSeconds,
  imageMap = () => undefined,
}: EmbeddedStoreOptions): EmbeddedStore {
  const listeners: ((change: Change) => void)[] = [];
  const workflows = new Map<string, StoredWorkflow>();
  const failures: { step: OperationCommand; message: string; times: number }[] = [];
  const events = new Map<string, RecordedEvent>();
  const closing = new AbortController();
  const locks = createLocks();
  const objects = createObjects((machine) => publish({ kind: 'Machine', machine }));
  const stepsOf = createSteps({
    clock,
    objects,
    stepSeconds,
    imageMap,
    takeFailure,
    closing: closing.signal,
  });
  let started = false;

  /** Later, as from an informer: never in the middle of a write. */
  function publish(change: Change): void {
    queueMicrotask(() => {
      if (!closing.signal.aborted) for (const listener of listeners) listener(change);
    });
  }

  function takeFailure(step: OperationCommand): string | undefined {
    const failure = failures.find((candidate) => candidate.step === step && candidate.times > 0);
    if (failure) failure.times -= 1;
    return failure?.message;
  }

  function create(object: IWorkflow): void {
    const workflow = decodeWorkflow(object);
    const id = key(workflow);
    const changed = (): void => {
      const stored = workflows.get(id);
      if (!stored) return;
      const previous = stored.view;
      stored.view = stored.run.view();
      publish({ kind: 'Workflow', workflow: stored.view, previous });
    };
    const run = runWorkflow({ workflow, clock, locks, steps: stepsOf(workflow), changed });
    const view = run.view();
    workflows.set(id, { object: structuredClone(object), run, view });
    publish({ kind: 'Workflow', workflow: view });
  }

  const view = (namespace: string, name: string): WorkflowView | undefined =>
    workflows.get(key({ namespace, name }))?.view;
  const machine = (namespace: string, name: string): MachineView | undefined =>
    objects.machines.get(key({ namespace, name }));

  return {
    async start() {
      started = true;
    },
    ready: () => started,
    async close() {
      closing.abort();
    },
    onChange: (listener) => void listeners.push(listener),

    cluster: (namespace, name) => objects.clusters.get(key({ namespace, name })),
    machine,
    machines: () => objects.machines.values(),
    machineDeployment: (namespace, name) => objects.machineDeployments.get(key({ namespace, name })),
    workflow: view,

    readMachine: async (namespace, name) => machine(namespace, name),
    annotateMachine: async (subject, annotations) => objects.annotate(subject, annotations),
    readWorkflow: async (namespace, name) => view(namespace, name),
    async createWorkflow(workflow) {
      const { name = '', namespace = '' } = workflow.metadata;
      if (workflows.has(key({ namespace, name }))) return 'exists';
      create(workflow);
      return 'created';
    },
    // Nobody rolls back in a trial.
    openRollback: async () => undefined,
    async stopWorkflow(namespace, name) {
      workflows.get(key({ namespace, name }))?.run.stop();
    },
    // Its locks are given back when a Workflow ends.
    expireWorkflow: async () => undefined,
    async limitWorkers({ namespace, name }, limit) {
      locks.limit(semaphoreName(namespace, concurrencyConfigMapName(name), CONCURRENCY_KEY), limit);
    },
    async emitEvent(event) {
      const id = JSON.stringify(event);
      events.set(id, { ...event, count: (events.get(id)?.count ?? 0) + 1 });
    },

    addCluster: (input) => objects.addCluster(input),
    addMachine: (input) => objects.addMachine(input),
    addMachineDeployment: (input) => objects.addMachineDeployment(input, clock.monotonic()),
    setMachineVersion: (namespace, name, version) => objects.updateMachine(namespace, name, { version }),
    deleteMachine: (namespace, name) =>
      objects.updateMachine(namespace, name, { deleting: true, deletingSince: clock.now().toISOString() }),
    removeWorkflow(namespace, name) {
      workflows.get(key({ namespace, name }))?.run.abandon();
      workflows.delete(key({ namespace, name }));
    },
    failStep(step, message, times = 1) {
      if (!Number.isInteger(times) || times < 1) {
        throw new StatusError(`failStep: times: got ${times}, expected a whole number above 0`, {
          reason: 'BadInput',
        });
      }
      failures.push({ step, message, times });
    },
    node: objects.node,
    workflowObject: (namespace, name) => workflows.get(key({ namespace, name }))?.object,
    events: () => [...events.values()],
  };
}
