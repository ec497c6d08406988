// Cluster API loses a Machine when a MachineDeployment is edited while it moves one in place: such edits are refused.
import type { Clock } from '../../api/clock.ts';
import { askDigest } from '../../api/external-owner.ts';
import { text } from '../../api/fields.ts';
import { DEPLOYMENT_NAME_LABEL, UNCOUNTED_MOVE_ANNOTATION } from '../../api/labels.ts';
import { isOptedIn } from '../handlers/context.ts';
import type { MachineView, Store } from '../store.ts';
import type { Review, Verdict } from './admission.ts';

/** From our yes until the Machine's move shows on it: 1 to 4 s were seen. */
const MOVE_SECONDS = 5;
/** A move that lasts longer is stuck, and the way out of that is an edit, too (`was edited while Machine`). */
const MAX_MOVE_SECONDS = 60;
const MAX_REMEMBERED = 1000;

export interface EditGuard {
  /** CAPI was told that it may move Machines of this MachineDeployment. */
  accepted(namespace: string, deployment: string): void;
  /** Monotonic seconds at which an edit of it was let pass: the caches do not show that at once. */
  editedAt(namespace: string, deployment: string): number | undefined;
  admit(review: Review): Verdict;
}

/** What it remembers is of this process only: another replica relies on the mark on the Machine. */
export function createEditGuard({ store, clock }: { store: Store; clock: Clock }): EditGuard {
  const accepted = recent(clock);
  const edited = recent(clock);
  /** UID of a Machine that is moved -> since when. */
  const moves = new Map<string, number>();
  store.onChange((change) => {
    if (change.kind !== 'Machine') return;
    if (isMoved(change.machine)) since(change.machine);
    else moves.delete(change.machine.uid);
  });

  function since({ uid }: MachineView): number {
    const at = moves.get(uid) ?? clock.monotonic();
    moves.set(uid, at);
    return at;
  }

  function movingMachine(namespace: string, deployment: string): string | undefined {
    for (const machine of store.machines()) {
      const isOurs = machine.namespace === namespace && machine.labels[DEPLOYMENT_NAME_LABEL] === deployment;
      if (isOurs && isMoved(machine) && clock.monotonic() - since(machine) < MAX_MOVE_SECONDS)
        return machine.name;
    }
    return undefined;
  }

  return {
    accepted: (namespace, deployment) => accepted.remember(namespace, deployment),
    editedAt: (namespace, deployment) => edited.at(namespace, deployment),
    admit({ object, oldObject }) {
      const [namespace, name] = [
        text(object, 'metadata', 'namespace') ?? '',
        text(object, 'metadata', 'name') ?? '',
      ];
      const cluster = store.cluster(namespace, text(object, 'spec', 'clusterName') ?? '');
      if (!cluster || !isOptedIn(cluster) || askDigest(object) === askDigest(oldObject))
        return { allowed: true };
      const moving = movingMachine(namespace, name);
      const isRecent = clock.monotonic() - (accepted.at(namespace, name) ?? -Infinity) < MOVE_SECONDS;
      if (moving === undefined && !isRecent) {
        edited.remember(namespace, name);
        return { allowed: true };
      }
      const what = moving === undefined ? 'a Machine of it' : `Machine ${moving}`;
      const message = `Cluster API is just moving ${what} to what was asked for before, and would delete one now: try again in ${MOVE_SECONDS} seconds`;
      return { allowed: false, message };
    },
  };
}

/** When something happened to a MachineDeployment the last time. */
function recent(clock: Clock) {
  /** Oldest first. */
  const times = new Map<string, number>();
  return {
    at: (namespace: string, name: string): number | undefined => times.get(`${namespace}/${name}`),
    remember(namespace: string, name: string): void {
      const key = `${namespace}/${name}`;
      times.delete(key);
      times.set(key, clock.monotonic());
      const [oldest] = times.keys();
      if (times.size > MAX_REMEMBERED && oldest !== undefined) times.delete(oldest);
    },
  };
}

function isMoved({ annotations, deleting }: MachineView): boolean {
  return !deleting && UNCOUNTED_MOVE_ANNOTATION in annotations;
}
