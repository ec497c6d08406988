// Names that fit where Kubernetes bounds them, the same for the same input.
import { createHash } from 'node:crypto';

/** Of label values, and of Jobs and Workflows, whose names become label values of their pods. */
export const MAX_NAME = 63;

/** `<name><suffix>`, at most 63 characters: a name that is too long is cut and made unique by a hash. */
export function boundedName(name: string, suffix = ''): string {
  if (name.length + suffix.length <= MAX_NAME) return `${name}${suffix}`;
  const stem = name.slice(0, MAX_NAME - suffix.length - 9).replace(/[-.]+$/, '');
  return `${stem}-${shortDigest(name, 8)}${suffix}`;
}

/**
 * `refit-<machine>-<8 hex digits of the UID's hash>-<number>`; a long machine name is cut. With the UID, since a name
 * that is used again is another Machine. The same operation of the same Machine always meets the same objects.
 */
export function operationName({ name, uid }: { name: string; uid: string }, number: number): string {
  const suffix = `-${shortDigest(uid, 8)}-${number}`;
  const stem = `refit-${name.replaceAll('.', '-')}`.slice(0, MAX_NAME - suffix.length).replace(/-+$/, '');
  return `${stem}${suffix}`;
}

/** Task of the Workflow of an owner that is the sub-DAG of one Machine. */
export function machineTask(machine: string): string {
  return `machine-${machine.replaceAll('.', '-')}`;
}

export function shortDigest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
