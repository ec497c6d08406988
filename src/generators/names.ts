// Deterministic names of what is generated, besides that of an operation (api/names.ts).

/** ConfigMap with the limit of workers at once of one Cluster (key `workers`). */
export function concurrencyConfigMapName(cluster: string): string {
  return `${cluster}-refit-concurrency`;
}
export const CONCURRENCY_KEY = 'workers';

/** `refit-steps-0-1-0` for version 0.1.0. */
export function stepTemplatesName(version: string): string {
  return `refit-steps-${version.replaceAll(/[^a-z0-9]+/g, '-')}`;
}

/** `refit-external-0-1-0`: the same steps for Workflows of several Machines. */
export function externalTemplatesName(version: string): string {
  return stepTemplatesName(version).replace('refit-steps-', 'refit-external-');
}
