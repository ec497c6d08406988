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
  admit(review: Review): Verdict;
}

/** What it remembers is of this process only: another replica relies on the mark on the Machine. */
export function createEditGuard({ store, clock }: { store: Store; clock: Clock }): EditGuard {
  /** Oldest first. */
  const accepted = new Map<string, number>();
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
    accepted(namespace, deployment) {
      const key = `${namespace}/${deployment}`;
      accepted.delete(key);
      accepted.set(key, clock.monotonic());
      const [oldest] = accepted.keys();
      if (accepted.size > MAX_REMEMBERED && oldest !== undefined) accepted.delete(oldest);
    },
    admit({ object, oldObject }) {
      const [namespace, name] = [
        text(object, 'metadata', 'namespace') ?? '',
        text(object, 'metadata', 'name') ?? '',
      ];
      const cluster = store.cluster(namespace, text(object, 'spec', 'clusterName') ?? '');
      if (!cluster || !isOptedIn(cluster) || askDigest(object) === askDigest(oldObject))
        return { allowed: true };
      const moving = movingMachine(namespace, name);
      const at = accepted.get(`${namespace}/${name}`);
      const isRecent = at !== undefined && clock.monotonic() - at < MOVE_SECONDS;
      if (moving === undefined && !isRecent) return { allowed: true };
      const what = moving === undefined ? 'a Machine of it' : `Machine ${moving}`;
      const message = `Cluster API is just moving ${what} to what was asked for before, and would delete one now: try again in ${MOVE_SECONDS} seconds`;
      return { allowed: false, message };
    },
  };
}

function isMoved({ annotations, deleting }: MachineView): boolean {
  return !deleting && UNCOUNTED_MOVE_ANNOTATION in annotations;
}
