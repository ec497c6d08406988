// Locks that Argo's controller does not give back (seen in 4.0.2): when it looks once more at an old copy of a Workflow that
// has just ended, it takes the lock for it again. Others then wait for that Workflow until the controller is started anew.
import type { Clock } from '../api/clock.ts';
import { CONTROL_PLANE_LABEL } from '../api/labels.ts';
import { operationName } from '../api/names.ts';
import { knownRecord } from '../api/operation.ts';
import type { Announce } from './announce.ts';
import type { MachineView, Store, WorkflowView } from './store.ts';

/** Argo gives a lock on in seconds. */
const STUCK_SECONDS = 60;

interface Parts {
  store: Store;
  announce: Announce;
  clock: Clock;
}

/**
 * Once a minute Argo's controller gives back the locks of Workflows that are gone: so the one that has ended goes. What it did
 * stays in the record of its Machine. Errors: Unavailable.
 */
export async function freeStuckLock({ store, announce, clock }: Parts, machine: MachineView): Promise<void> {
  const waiting = workflowOf(store, machine);
  if (waiting?.phase !== 'Pending' || waiting.lockHolders === undefined) return;
  const holders = waiting.lockHolders.map((name) => store.workflow(machine.namespace, name));
  const isOver = (workflow: WorkflowView | undefined): boolean =>
    workflow?.finishedAt !== undefined &&
    clock.now().getTime() - Date.parse(workflow.finishedAt) > STUCK_SECONDS * 1000;
  if (!holders.every(isOver)) return;
  // The list of holders is as old as Argo's last look: meanwhile another one may have had the lock.
  for (const peer of peersOf(store, machine)) {
    const workflow = workflowOf(store, peer);
    if (workflow && workflow.phase !== 'Pending' && !isOver(workflow)) return;
  }
  for (const name of waiting.lockHolders) await store.expireWorkflow(machine.namespace, name);
  announce(
    machine,
    'Warning',
    'InPlaceLockFreed',
    `${waiting.name} waits for a lock of ${waiting.lockHolders.join(', ')}, which ended long ago: Argo is told to delete it`,
  );
}

function workflowOf(store: Store, machine: MachineView): WorkflowView | undefined {
  const record = knownRecord(machine.annotations);
  return (
    record && store.workflow(machine.namespace, record.workflow ?? operationName(machine, record.number))
  );
}

/** Those whose operations wait for the same lock. */
function* peersOf(store: Store, { namespace, name, cluster, labels }: MachineView): Iterable<MachineView> {
  const role = CONTROL_PLANE_LABEL in labels;
  for (const other of store.machines()) {
    const isPeer = other.namespace === namespace && other.cluster === cluster && other.name !== name;
    if (isPeer && CONTROL_PLANE_LABEL in other.labels === role) yield other;
  }
}
