// The operation record: the one annotation on a Machine that says which operation runs, or how the last one ended.
import { z } from 'zod';
import { OPERATION_ANNOTATION } from './labels.ts';
import { operationName } from './names.ts';

/**
 * starting: the number is taken, the Workflow may not exist yet. running: it existed.
 * stopping: told to end at the next safe boundary. The other three are final.
 */
export const OPERATION_STATES = [
  'starting',
  'running',
  'stopping',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** What the exit handler found on the host: `working` means that the node's unit still runs. */
export const HOST_STATES = ['idle', 'working', 'unknown'] as const;

const recordSchema = z.object({
  version: z.literal(1),
  number: z.int().min(1),
  /** Hash of the desired state that the operation brings (hash.ts). */
  hash: z.string().min(1),
  state: z.enum(OPERATION_STATES),
  /** Kubernetes versions: of the node when the operation began (may be unknown), and desired. */
  from: z.string().optional(),
  to: z.string(),
  startedAt: z.string(),
  /** Name of the Workflow that does it, if that is not named after the operation: one of a whole owner. */
  workflow: z.string().optional(),
  finishedAt: z.string().optional(),
  /** For people: why it failed or was cancelled. No secrets. */
  reason: z.string().optional(),
  host: z.enum(HOST_STATES).optional(),
  /** What the Node itself reported when `complete` looked. */
  node: z.object({ kubeletVersion: z.string(), ready: z.boolean() }).optional(),
});

export type OperationRecord = z.infer<typeof recordSchema>;

export function isFinal(record: OperationRecord): boolean {
  return record.state === 'succeeded' || record.state === 'failed' || record.state === 'cancelled';
}

/** The record of a Machine. `invalid` when the annotation is there but is not ours to understand. */
export function readRecord(
  annotations: Readonly<Record<string, string>>,
): OperationRecord | 'invalid' | undefined {
  const text = annotations[OPERATION_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const parsed = recordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : 'invalid';
  } catch {
    return 'invalid';
  }
}

/** The record that can be read, for those who do not care why there is none. */
export function knownRecord(annotations: Readonly<Record<string, string>>): OperationRecord | undefined {
  const record = readRecord(annotations);
  return record === 'invalid' ? undefined : record;
}

export function writeRecord(record: OperationRecord): Record<string, string> {
  return { [OPERATION_ANNOTATION]: JSON.stringify(recordSchema.parse(record)) };
}

/** Its own, or the one that does operations of all Machines of an owner. */
export function workflowNameOf(machine: { name: string; uid: string }, record: OperationRecord): string {
  return record.workflow ?? operationName(machine, record.number);
}
