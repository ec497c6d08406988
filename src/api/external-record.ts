// The record of an external upgrade: the one annotation on an owner that says what Refit does for it, or did last.
import { z } from 'zod';
import { EXTERNAL_ANNOTATION, PAUSED_ANNOTATION, PAUSED_BY_US } from './labels.ts';

/**
 * requested: held by the webhook, not looked at yet. declined: held, with the reason, looked at again now and then.
 * running: its Workflow exists. succeeded, failed: over; after a failure the owner may still be held.
 */
export const EXTERNAL_STATES = ['requested', 'declined', 'running', 'succeeded', 'failed'] as const;
export type ExternalState = (typeof EXTERNAL_STATES)[number];

const recordSchema = z.object({
  version: z.literal(1),
  /** Of the upgrade: counts up per owner. */
  number: z.int().min(1),
  state: z.enum(EXTERNAL_STATES),
  /** Kubernetes version that the owner asks for. */
  to: z.string(),
  /** Of the image map, if one was asked for. */
  release: z.string().optional(),
  /** The release of the last upgrade that succeeded, if one was asked for. */
  applied: z.string().optional(),
  workflow: z.string().optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  /** For people: why it was declined or failed. No secrets. */
  reason: z.string().optional(),
});

export type ExternalRecord = z.infer<typeof recordSchema>;

type Annotations = Readonly<Record<string, string>>;

/** An owner may have thousands of Machines; its annotations may have 256 KB in all. */
const MAX_REASON = 2000;

export function shortReason(reason: string): string {
  return reason.length <= MAX_REASON ? reason : `${reason.slice(0, MAX_REASON - 3)}...`;
}

/** `invalid` when the annotation is there but is not ours to understand. */
export function readExternal(annotations: Annotations): ExternalRecord | 'invalid' | undefined {
  const text = annotations[EXTERNAL_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const parsed = recordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : 'invalid';
  } catch {
    return 'invalid';
  }
}

/** The record that can be read, for those who do not care why there is none. */
export function knownExternal(annotations: Annotations): ExternalRecord | undefined {
  const record = readExternal(annotations);
  return record === 'invalid' ? undefined : record;
}

export function writeExternal(record: ExternalRecord): Record<string, string> {
  return { [EXTERNAL_ANNOTATION]: JSON.stringify(recordSchema.parse(record)) };
}

export function isPausedByUs(annotations: Annotations): boolean {
  return annotations[PAUSED_ANNOTATION] === PAUSED_BY_US;
}

/** Is the pause of a person or another program on it? CAPI looks at the key only, whatever its value. */
export function isPausedByOthers(annotations: Annotations): boolean {
  return PAUSED_ANNOTATION in annotations && !isPausedByUs(annotations);
}

/** Does Refit have work for this owner, so that its pause must stay? */
export function isHeld({ state }: ExternalRecord): boolean {
  return state === 'requested' || state === 'declined' || state === 'running';
}
