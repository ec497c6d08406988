// Deterministic names: the same operation of the same Machine always meets the same objects.
import { createHash } from 'node:crypto';

/** A Workflow's name becomes a label value, so it is bound to 63 characters. */
const MAX_NAME = 63;

/**
 * `refit-<machine>-<8 hex digits of the UID's hash>-<number>`; a long machine name is cut. With the UID, since a name
 * that is used again is another Machine.
 */
export function operationName({ name, uid }: { name: string; uid: string }, number: number): string {
  const suffix = `-${digest(uid, 8)}-${number}`;
  const stem = `refit-${name.replaceAll('.', '-')}`.slice(0, MAX_NAME - suffix.length).replace(/-+$/, '');
  return `${stem}${suffix}`;
}

/** A name as a label value: cut and made unique by a hash when it is too long. */
export function labelValue(name: string): string {
  return name.length <= MAX_NAME
    ? name
    : `${name.slice(0, MAX_NAME - 9).replace(/[-.]+$/, '')}-${digest(name, 8)}`;
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

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
