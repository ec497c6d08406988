// Puts the parts of external upgrades together around an API server.
import type { Clock } from '../../api/clock.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { externalReads } from '../../kubernetes/external-reads.ts';
import type { Announce } from '../announce.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { PolicyOf } from '../policies.ts';
import type { Store } from '../store.ts';
import type { TlsMaterial } from '../tls.ts';
import { accessOf } from './access.ts';
import { admitOwner } from './admission.ts';
import { answerExternal } from './answer.ts';
import type { EditGuard } from './edit-guard.ts';
import { followOwners } from './follow.ts';
import { createExternalServer, type ExternalServer } from './https.ts';
import { registerOwnerMetrics } from './owner-metrics.ts';
import { createOwners } from './owners.ts';
import { createUpgrades } from './upgrades.ts';

export interface ExternalOptions {
  client: ApiClient;
  store: Store;
  policy: PolicyOf;
  announce: Announce;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  guard: EditGuard;
  tls: TlsMaterial;
  version: string;
}

/** `signal` ends the background work; the client is the caller's to close. */
export function startExternal(options: ExternalOptions, signal: AbortSignal): ExternalServer {
  const { client, tls, log, guard } = options;
  const reads = externalReads(client);
  const upgrades = createUpgrades({ ...options, reads });
  const owners = createOwners(options);
  const { store, metrics } = options;
  registerOwnerMetrics(
    metrics.registry,
    () => owners.all(),
    (namespace, name) => store.workflow(namespace, name),
  );
  followOwners({ ...options, owners, upgrades }, signal);
  owners.start(signal);
  return createExternalServer({
    tls,
    log,
    admitOwner,
    admitEdit: (review) => guard.admit(review),
    access: accessOf(client),
    answer: (request) => answerExternal({ ...options, reads, upgrades }, request),
  });
}
