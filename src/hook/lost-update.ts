// Updates in place that Cluster API forgets (seen in 1.14.0). At the end of an update its Machine controller takes the
// mark `update-in-progress` off the Machine a second time. A Machine that was moved on in between, to what its
// MachineDeployment asks for by then, loses the new mark: that update never begins, and the Machine counts as up to date.
import { UNCOUNTED_MOVE_ANNOTATION, UPDATE_IN_PROGRESS_ANNOTATION } from '../api/labels.ts';
import type { Announce } from './announce.ts';
import { isOptedIn } from './handlers/context.ts';
import type { MachineView, Store } from './store.ts';

/**
 * Puts the mark back: Cluster API sets both marks in one write, and takes this one off last. Of Clusters that opted in.
 * Errors: Conflict, NotFound, Unavailable.
 */
export async function resumeLostUpdate(
  { store, announce }: { store: Store; announce: Announce },
  machine: MachineView,
): Promise<void> {
  const { annotations } = machine;
  const isLost = UNCOUNTED_MOVE_ANNOTATION in annotations && !(UPDATE_IN_PROGRESS_ANNOTATION in annotations);
  if (!isLost || machine.deleting) return;
  const cluster = store.cluster(machine.namespace, machine.cluster);
  if (!cluster || !isOptedIn(cluster)) return;
  const updated = await store.annotateMachine(machine, { [UPDATE_IN_PROGRESS_ANNOTATION]: '' });
  const message =
    'Cluster API moved it on to what is desired now and forgot to update it: its mark is set again';
  announce(updated, 'Warning', 'InPlaceUpdateResumed', message);
}
