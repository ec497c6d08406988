// A small simulated site for the tests of this folder.
import type { OperationCommand } from '../../../src/api/commands.ts';
import { writeRecord } from '../../../src/api/operation.ts';
import { policySchema, type ImageMap } from '../../../src/api/policy.ts';
import type { Role, StepName } from '../../../src/api/steps.ts';
import { updateMachineWorkflow } from '../../../src/generators/update-machine.ts';
import { embeddedStore } from '../../../src/hook/embedded/store.ts';
import type { WorkflowView } from '../../../src/hook/store.ts';
import type { Plan } from '../../../src/plan/types.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { plan } from '../../helpers/plan.ts';

export const STEP_SECONDS = 10;
export const FROM = 'v1.33.7';
export const TO = 'v1.34.3';
export const HASH = 'v1-0123456789abcdef';
export const WORKER_STEPS: readonly StepName[] = [
  ...([
    'preflight',
    'protect',
    'backup',
    'stage',
    'prepull',
    'drain',
    'containerd',
    'cni',
    'kubeadm',
  ] as const),
  ...(['configure', 'kubelet', 'verify', 'complete'] as const),
];
/** Of a release without a container runtime of its own: drained behind `kubeadm`. */
export const CONTROL_PLANE_STEPS: readonly StepName[] = [
  ...(['preflight', 'protect', 'backup', 'stage', 'prepull', 'kubeadm', 'drain'] as const),
  ...(['configure', 'kubelet', 'verify', 'complete'] as const),
];
const IMAGE_MAP: ImageMap = {
  [TO]: { kubernetes: TO, containerd: '2.1.4', cni: '1.8.0', image: `lab/up@sha256:${'a'.repeat(64)}` },
};

export function site() {
  const clock = fakeClock();
  const store = embeddedStore({ clock, stepSeconds: () => STEP_SECONDS, imageMap: () => IMAGE_MAP });
  const cluster = store.addCluster({ namespace: 'lab', name: 'edge' });

  const addMachine = (name: string, role: Role, more: { version?: string; hash?: string } = {}) =>
    store.addMachine({
      namespace: 'lab',
      name,
      cluster: 'edge',
      role,
      version: TO,
      node: { version: FROM, ...more },
    });

  /** What the server does: the record, then the Workflow. */
  async function submit(
    name: string,
    steps: readonly StepName[] = WORKER_STEPS,
    overrides: Partial<Plan> = {},
  ) {
    const machine = store.machine('lab', name);
    if (!machine) throw new Error(`no Machine ${name}`);
    const number = 1 + ((await numberOf(name)) ?? 0);
    const role = 'cluster.x-k8s.io/control-plane' in machine.labels ? 'control-plane' : 'worker';
    const work = plan(role, steps, { hash: HASH, ...overrides });
    const startedAt = clock.now().toISOString();
    const record = {
      version: 1,
      number,
      hash: work.hash,
      state: 'running',
      to: work.kubernetes,
      startedAt,
    } as const;
    const recorded = await store.annotateMachine(machine, writeRecord(record));
    await store.limitWorkers(cluster, 1);
    const policy = policySchema.parse({});
    const workflow = updateMachineWorkflow({
      machine: recorded,
      number,
      plan: work,
      policy,
      version: '0.1.0',
    });
    await store.createWorkflow(workflow);
    await clock.settle();
    return workflow.metadata.name ?? '';
  }

  async function numberOf(name: string): Promise<number | undefined> {
    const text = (await store.readMachine('lab', name))?.annotations['capi-refit.io/operation'];
    return text === undefined ? undefined : (JSON.parse(text) as { number: number }).number;
  }

  const workflow = (name: string): WorkflowView => {
    const view = store.workflow('lab', name);
    if (!view) throw new Error(`no Workflow ${name}`);
    return view;
  };

  return { clock, store, cluster, addMachine, submit, workflow };
}

/** `{preflight: 'Succeeded', ...}` */
export function phases(view: WorkflowView): Record<string, string> {
  return Object.fromEntries(view.tasks.map(({ name, phase }) => [name, phase]));
}

/** Seconds since the start of the fake clock. */
export function secondsOf(view: WorkflowView, step: OperationCommand): { from: number; to: number } {
  const task = [...view.tasks, ...(view.finish ? [view.finish] : [])].find(({ name }) => name === step);
  const seconds = (text = ''): number => (Date.parse(text) - Date.parse('2026-01-01T00:00:00.000Z')) / 1000;
  return { from: seconds(task?.startedAt), to: seconds(task?.finishedAt) };
}

/** As its output parameter has it, or its failure. */
export function messageOf(view: WorkflowView, step: OperationCommand): string | undefined {
  const task = view.tasks.find(({ name }) => name === step);
  const result: unknown = JSON.parse(task?.outputs['result'] ?? '{}');
  return (result as { message?: string }).message ?? task?.message;
}
