// What the server does without being asked: follows Workflows and Machines, and ends what must not last.
import type { Clock } from '../api/clock.ts';
import { PROTECTED_SINCE_ANNOTATION } from '../api/labels.ts';
import { StatusError } from '../api/errors.ts';
import { machineTask } from '../api/names.ts';
import { noProtection } from '../api/protection.ts';
import { isFinal, knownRecord } from '../api/operation.ts';
import type { Announce } from './announce.ts';
import type { Log } from './log.ts';
import { resumeLostUpdate } from './lost-update.ts';
import type { Metrics } from './metrics.ts';
import type { Operations } from './operations.ts';
import type { PolicyOf } from './policies.ts';
import { freeStuckLock } from './stuck-lock.ts';
import type { MachineView, Store, TaskView, WorkflowView } from './store.ts';

export interface ReconcilerOptions {
  store: Store;
  operations: Operations;
  announce: Announce;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  policy: PolicyOf;
}

const SWEEP_SECONDS = 15;
const SWEEP_CHUNK = 50;
/** A node that is told to stop needs seconds, unless it is in a long step, or dead: nobody waits for that. */
export const DELETION_HELD_SECONDS = 120;

/** Runs until the signal aborts: on every change at once, and over all Machines now and then. */
export function startReconciler(options: ReconcilerOptions, signal: AbortSignal): void {
  const { store, clock } = options;
  store.onChange((change) => {
    // Half-filled caches would show Machines whose Workflow seems to be gone; the first sweep sees them all.
    if (signal.aborted || !store.ready()) return;
    if (change.kind === 'Workflow') reportSteps(options, change.workflow, change.previous);
    const { namespace, name } =
      change.kind === 'Machine' ? change.machine : { ...change.workflow, name: change.workflow.machine };
    void reconcileMachine(options, namespace, name);
  });
  void (async () => {
    while (!signal.aborted) {
      if (store.ready()) await sweep(options, signal);
      await clock.sleep(SWEEP_SECONDS, signal);
    }
  })();
}

async function sweep(options: ReconcilerOptions, signal: AbortSignal): Promise<void> {
  for (const [index, { namespace, name }] of [...options.store.machines()].entries()) {
    // Requests go first: thousands of Machines in one go would hold up their answers.
    if (index % SWEEP_CHUNK === SWEEP_CHUNK - 1) await options.clock.sleep(0, signal);
    if (signal.aborted) return;
    await reconcileMachine(options, namespace, name);
  }
}

/** Never throws: what fails is tried again at the next change or sweep. */
async function reconcileMachine(options: ReconcilerOptions, namespace: string, name: string): Promise<void> {
  const { store, operations, log, metrics } = options;
  try {
    await operations.settle(namespace, name);
    const machine = store.machine(namespace, name);
    if (!machine) return;
    await endProtection(options, machine);
    await resumeLostUpdate(options, machine);
    await freeStuckLock(options, machine);
  } catch (error) {
    // Conflict: another replica, or CAPI, was first; the change that it made brings us here again.
    if (error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'NotFound')) return;
    metrics.backgroundErrors.inc({ task: 'reconcile' });
    log.error({ machine: `${namespace}/${name}`, err: error }, 'reconcile failed');
  }
}

/** Our skip-remediation and pre-drain hook must not outlive their purpose: a Machine that nobody may repair or delete. */
async function endProtection(options: ReconcilerOptions, machine: MachineView): Promise<void> {
  const since = machine.annotations[PROTECTED_SINCE_ANNOTATION];
  if (since === undefined) return;
  const { store, announce, clock } = options;
  const now = clock.now();
  const protectSeconds = protectSecondsOf(options, machine);
  const expired = !isWithin(since, protectSeconds, now);
  if (!machine.deleting && !expired) return;
  // Cluster API would drain the node, and delete the Workflow with the Machine, before the operation is closed.
  if (!expired && isUnfinished(machine) && isWithin(machine.deletingSince, DELETION_HELD_SECONDS, now))
    return;
  const updated = await store.annotateMachine(machine, noProtection(machine.annotations));
  const why = machine.deleting
    ? 'the Machine is being deleted'
    : `it was held for more than ${protectSeconds} s`;
  announce(
    updated,
    machine.deleting ? 'Normal' : 'Warning',
    'InPlaceProtectionEnded',
    `remediation and deletion are no longer held back: ${why}`,
  );
}

/** Protection ends also where the Cluster's override cannot be read. */
function protectSecondsOf({ store, policy }: ReconcilerOptions, machine: MachineView): number {
  try {
    return policy(store.cluster(machine.namespace, machine.cluster)).protectSeconds;
  } catch {
    return policy(undefined).protectSeconds;
  }
}

function isUnfinished({ annotations }: MachineView): boolean {
  const record = knownRecord(annotations);
  return record !== undefined && !isFinal(record);
}

/** An unreadable time is long past. */
function isWithin(since: string | undefined, seconds: number, now: Date): boolean {
  return (now.getTime() - Date.parse(since ?? '')) / 1000 <= seconds;
}

/** Metrics and Events of steps that ended since the last look. */
function reportSteps(
  { store, announce, metrics }: ReconcilerOptions,
  workflow: WorkflowView,
  previous?: WorkflowView,
): void {
  // Without a previous view the end was not seen by this process: it may be hours old.
  if (!previous) return;
  const before = new Map(stepsOf(previous).map(({ place, step }) => [place, step]));
  const ended = stepsOf(workflow).filter(({ place, step }) => justEnded(step, before.get(place)));
  for (const { step, task } of ended) {
    metrics.observeStep(step);
    // Steps that a stop cut off did not fail.
    const isFailure = !workflow.stopping && (step.phase === 'Failed' || step.phase === 'Error');
    const failed = isFailure ? machineOf(store, workflow, task) : undefined;
    if (failed)
      announce(failed, 'Warning', 'InPlaceStepFailed', `step ${step.name}: ${step.message ?? step.phase}`);
  }
  const machine = store.machine(workflow.namespace, workflow.machine);
  if (machine && previous.phase !== 'Succeeded' && workflow.phase === 'Succeeded') {
    const number = knownRecord(machine.annotations)?.number ?? '?';
    metrics.operationsEnded.inc({ state: 'succeeded' });
    announce(
      machine,
      'Normal',
      'InPlaceUpdateFinished',
      `operation ${number}: ${machine.version ?? 'update'} done`,
    );
  }
}

/** Those of an owner's Workflow are inside its tasks, one for each Machine. */
function stepsOf({ tasks }: WorkflowView): { place: string; step: TaskView; task?: string }[] {
  return tasks.flatMap((task) =>
    task.steps === undefined
      ? [{ place: task.name, step: task }]
      : task.steps.map((step) => ({ place: `${task.name}.${step.name}`, step, task: task.name })),
  );
}

function machineOf(
  store: Store,
  { namespace, name, machine }: WorkflowView,
  task?: string,
): MachineView | undefined {
  if (task === undefined) return store.machine(namespace, machine);
  for (const candidate of store.machines()) {
    const isOurs = candidate.namespace === namespace && machineTask(candidate.name) === task;
    if (isOurs && knownRecord(candidate.annotations)?.workflow === name) return candidate;
  }
  return undefined;
}

function justEnded(task: TaskView, before: TaskView | undefined): boolean {
  return task.finishedAt !== undefined && before?.finishedAt === undefined;
}
