// Owners with our label, kept up to date by watches; everything else about them is read when it is needed.
import type { Clock } from '../../api/clock.ts';
import type { OwnerKind } from '../../api/external-owner.ts';
import { texts } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { STRATEGY_EXTERNAL, STRATEGY_LABEL } from '../../api/labels.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import type { Log } from '../log.ts';
import { Cache } from '../kubernetes/cache.ts';
import { reflect } from '../kubernetes/reflector.ts';
import { KUBEADM_CONTROL_PLANES, MACHINE_DEPLOYMENTS } from '../kubernetes/resources.ts';
import { identity } from '../kubernetes/views.ts';

export interface OwnerView {
  kind: OwnerKind;
  namespace: string;
  name: string;
  uid: string;
  annotations: Readonly<Record<string, string>>;
}

type Listener = (owner: OwnerView, previous?: OwnerView) => void;

export interface Owners {
  /** Runs until the signal aborts. A kind that is not served only leaves its owners unknown. */
  start(signal: AbortSignal): void;
  all(): OwnerView[];
  /** `previous` is absent for one that was not known. */
  onChange(listener: Listener): void;
}

const KINDS = [
  { kind: 'KubeadmControlPlane', resource: KUBEADM_CONTROL_PLANES },
  { kind: 'MachineDeployment', resource: MACHINE_DEPLOYMENTS },
] as const;

export function createOwners(options: {
  client: ApiClient;
  clock: Clock;
  log: Log;
  /** 0 to 1; for jitter. */
  random?: () => number;
}): Owners {
  const { client, clock, log, random = Math.random } = options;
  const listeners: Listener[] = [];
  const caches = KINDS.map(({ kind, resource }) => ({
    resource,
    cache: new Cache<OwnerView>({
      reduce: (object) => ownerView(kind, object),
      changed: (owner, previous) => listeners.forEach((listener) => listener(owner, previous)),
    }),
  }));
  const query = { labelSelector: `${STRATEGY_LABEL}=${STRATEGY_EXTERNAL}` };
  return {
    start(signal) {
      for (const { resource, cache } of caches) {
        void reflect({ client, clock, log, random, resource, query, cache }, signal);
      }
    },
    all: () => caches.flatMap(({ cache }) => [...cache.values()]),
    onChange: (listener) => listeners.push(listener),
  };
}

function ownerView(kind: OwnerKind, object: JsonObject): OwnerView {
  return { kind, ...identity(object), annotations: texts(object, 'metadata', 'annotations') };
}
