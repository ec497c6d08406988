import { Gauge, type Registry } from 'prom-client';
import { isPausedByUs, knownExternal } from '../../api/external-record.ts';
import { lastProgress } from '../last-progress.ts';
import type { Store } from '../store.ts';
import type { OwnerView } from './owners.ts';

/** One series for each owner that somebody may have to look at: while it is held, Cluster API does nothing for it. */
export function registerOwnerMetrics(
  registry: Registry,
  owners: () => OwnerView[],
  workflow: Store['workflow'] = () => undefined,
): void {
  new Gauge({
    name: 'refit_owner_upgrade',
    help: '1 for each owner that is paused for its external upgrade: requested, declined, running or failed',
    labelNames: ['namespace', 'kind', 'owner', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { namespace, kind, name, annotations } of owners()) {
        const state = knownExternal(annotations)?.state;
        // One that failed and was given back is Cluster API's.
        const isGivenBack = state === 'failed' && !isPausedByUs(annotations);
        if (state === undefined || state === 'succeeded' || isGivenBack) continue;
        this.set({ namespace, kind, owner: name, state }, 1);
      }
    },
  });
  new Gauge({
    name: 'refit_owner_last_progress_timestamp_seconds',
    help: 'When the running upgrade of an owner last began or ended a step; absent while it waits for its turn',
    labelNames: ['namespace', 'kind', 'owner'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { namespace, kind, name, annotations } of owners()) {
        const record = knownExternal(annotations);
        if (record?.state !== 'running') continue;
        const at = lastProgress(record.startedAt, workflow(namespace, record.workflow ?? ''));
        if (at !== undefined) this.set({ namespace, kind, owner: name }, at);
      }
    },
  });
}
