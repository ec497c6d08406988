// Looks at owners whenever they or their Workflows change, and at all of them now and then.
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import { knownExternal, readExternal } from '../../api/external-record.ts';
import type { Announce } from '../announce.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store.ts';
import type { Owners, OwnerView } from './owners.ts';
import type { Upgrades } from './upgrades.ts';

const SWEEP_SECONDS = 20;

export interface FollowOptions {
  owners: Owners;
  upgrades: Upgrades;
  announce: Announce;
  store: Store;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** Runs until the signal aborts. Never throws: what fails is tried again. */
export function followOwners(options: FollowOptions, signal: AbortSignal): void {
  const { owners, store, clock } = options;
  /** Owners that are looked at now: a second look waits, so that one process does not race itself. */
  const busy = new Map<string, 'once' | 'again'>();

  owners.onChange((owner, previous) => {
    tellEnd(options.announce, owner, previous);
    void look(owner);
  });
  store.onChange((change) => {
    if (change.kind !== 'Workflow') return;
    const { namespace, name, finishedAt } = change.workflow;
    // One that is gone comes with its last view as both.
    if (finishedAt === undefined && change.previous !== change.workflow) return;
    for (const owner of owners.all()) {
      if (owner.namespace === namespace && knownExternal(owner.annotations)?.workflow === name)
        void look(owner);
    }
  });
  void (async () => {
    while (!signal.aborted) {
      for (const owner of owners.all()) await look(owner);
      await clock.sleep(SWEEP_SECONDS, signal);
    }
  })();

  async function look(owner: OwnerView): Promise<void> {
    // Half-filled caches show Clusters without Machines.
    if (signal.aborted || !store.ready() || !isOpen(owner)) return;
    const key = `${owner.kind} ${owner.namespace}/${owner.name}`;
    if (busy.has(key)) return void busy.set(key, 'again');
    do {
      busy.set(key, 'once');
      await reconcile(owner);
    } while (busy.get(key) === 'again' && !signal.aborted);
    busy.delete(key);
  }

  async function reconcile(owner: OwnerView): Promise<void> {
    try {
      await options.upgrades.reconcile(owner);
    } catch (error) {
      if (error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'NotFound'))
        return;
      if (error instanceof StatusError && error.reason === 'Forbidden') {
        const what = `${error.message}. Has namespace ${owner.namespace} the manifests that Refit needs in it?`;
        options.announce(owner, 'Warning', 'ExternalUpgradeForbidden', what);
      }
      options.metrics.backgroundErrors.inc({ task: 'external' });
      options.log.error(
        { owner: `${owner.kind} ${owner.namespace}/${owner.name}`, err: error },
        'external upgrade: look failed',
      );
    }
  }
}

/** Others change only by an edit, which makes their record another one. */
function isOpen({ annotations }: OwnerView): boolean {
  const record = readExternal(annotations);
  return record === 'invalid' || (record !== undefined && record.state !== 'succeeded');
}

/** Whoever wrote it: mostly the exit handler of its Workflow. */
function tellEnd(announce: Announce, owner: OwnerView, previous?: OwnerView): void {
  const now = knownExternal(owner.annotations);
  const before = previous && knownExternal(previous.annotations);
  if (!now || !before || now.state === before.state) return;
  const what = `upgrade ${now.number} to ${now.to}: ${now.reason ?? 'done'}`;
  if (now.state === 'failed') announce(owner, 'Warning', 'ExternalUpgradeFailed', what);
  if (now.state === 'succeeded') announce(owner, 'Normal', 'ExternalUpgradeFinished', what);
}
