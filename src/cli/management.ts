// The management cluster that a command of people works with.
import type { Clock } from '../api/clock.ts';
import { createApiClient, type ApiClient } from '../kubernetes/api-client.ts';
import { connect } from '../kubernetes/connect.ts';
import { systemClock } from './clock.ts';

/** Named as kubectl names them: as its plugin we get none of its own flags. */
export interface ManagementFlags {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
}

export interface Management {
  client: ApiClient;
  clock: Clock;
  /** Of the flag, else of the context, else `default`. */
  namespace: string;
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
}

/** Errors: BadInput when there is no way to a cluster; those of the work. */
export async function withManagement<T>(
  flags: ManagementFlags,
  work: (management: Management) => Promise<T>,
): Promise<T> {
  const kubeConfig = connect(flags.kubeconfig, flags.context);
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const clock = systemClock();
  const client = createApiClient(kubeConfig, clock);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
  try {
    const namespace = flags.namespace ?? context?.namespace ?? 'default';
    return await work({ client, clock, namespace, signal: stop.signal });
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    await client.close();
  }
}
