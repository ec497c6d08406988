import type { Clock } from '../../api/clock.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';

/** The outside world of a step pod. */
export interface Remote {
  /** Both wait for an API server that is away (patient-client.ts). */
  management: ApiClient;
  workload: ApiClient;
  clock: Clock;
  /** One line for people, into the log of the pod; no secrets. */
  log: (line: string) => void;
  /** Aborts when the pod is told to stop. */
  signal: AbortSignal;
}
