import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { EventInput, Store } from './store.ts';

/** A MachineView or MachineDeploymentView will do; a Machine unless it says otherwise. */
type Subject = Pick<EventInput, 'namespace' | 'name' | 'uid'> & { kind?: EventInput['kind'] };

export type Announce = (about: Subject, type: EventInput['type'], reason: string, message: string) => void;

/** Kubernetes Events are told, not waited for: a lost one must not hold up an operation or an answer. */
export function announcer({ store, log, metrics }: { store: Store; log: Log; metrics: Metrics }): Announce {
  return ({ kind = 'Machine', namespace, name, uid }, type, reason, message) => {
    const event = { kind, namespace, name, ...(uid === undefined ? {} : { uid }), type, reason, message };
    store.emitEvent(event).catch((error: unknown) => {
      metrics.backgroundErrors.inc({ task: 'event' });
      log.warn({ object: `${kind} ${namespace}/${name}`, err: error }, 'event not recorded');
    });
  };
}
