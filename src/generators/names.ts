// Deterministic names: the same operation of the same Machine always meets the same objects.
import { MAX_NAME, shortDigest } from '../api/names.ts';

/**
 * `refit-<machine>-<8 hex digits of the UID's hash>-<number>`; a long machine name is cut. With the UID, since a name
 * that is used again is another Machine.
 */
export function operationName({ name, uid }: { name: string; uid: string }, number: number): string {
  const suffix = `-${shortDigest(uid, 8)}-${number}`;
  const stem = `refit-${name.replaceAll('.', '-')}`.slice(0, MAX_NAME - suffix.length).replace(/-+$/, '');
  return `${stem}${suffix}`;
}

/** ConfigMap with the limit of workers at once of one Cluster (key `workers`). */
export function concurrencyConfigMapName(cluster: string): string {
  return `${cluster}-refit-concurrency`;
}
export const CONCURRENCY_KEY = 'workers';

/** `refit-steps-0-1-0` for version 0.1.0. */
export function stepTemplatesName(version: string): string {
  return `refit-steps-${version.replaceAll(/[^a-z0-9]+/g, '-')}`;
}
