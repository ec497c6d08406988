// What a step leaves behind: a file on the host, and the output parameter `result` of its Argo task.
import { z } from 'zod';
import { parseJson } from './json.ts';
import { FINISH, RENEW_CERTIFICATES, ROLLBACK, STEP_NAMES } from './steps.ts';

export const stepResultSchema = z.strictObject({
  version: z.literal(1),
  step: z.enum([...STEP_NAMES, FINISH.name, ROLLBACK.name, RENEW_CERTIFICATES.name]),
  operation: z.string(),
  /** unchanged: the effect was there already. */
  outcome: z.enum(['changed', 'unchanged', 'failed', 'cancelled']),
  /** For people; on failure the reason. No secrets, no file contents. */
  message: z.string(),
  startedAt: z.iso.datetime(),
  durationSeconds: z.number().min(0),
  /** Files, binaries, settings that changed: what, from, to; sha256 of a file's new content. */
  changes: z.array(
    z.strictObject({
      what: z.string(),
      from: z.string().optional(),
      to: z.string().optional(),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
    }),
  ),
});

export type StepResult = z.infer<typeof stepResultSchema>;

/** Begins the message of a step that the node's watchdog gave up. */
export const WATCHDOG_GAVE_UP = 'watchdog: ';

/** `what` of the change that a flip of the control plane is (docs/flip.md): its pods went on, and need not move away. */
export const FLIP_CHANGE = 'control plane and kubelet (flip)';

/** Begins the message of a step behind one that did not end well. */
export const NOT_BEGUN = 'not begun: step ';
/** Message of a step that `preflight` found no work for. */
export const NOTHING_TO_DO = 'nothing is to be done on the node';

export function hasFlipped({ changes }: Pick<StepResult, 'changes'>): boolean {
  return changes.some(({ what }) => what === FLIP_CHANGE);
}

/** What a node step leaves on the host, and hands back as the termination message of its Job's container. */
export const stepReportSchema = z.strictObject({
  result: stepResultSchema,
  /** Output parameters (STEP_OUTPUTS). */
  outputs: z.record(z.string(), z.string()),
});

export type StepReport = z.infer<typeof stepReportSchema>;

export function isBad({ result }: StepReport): boolean {
  return result.outcome === 'failed' || result.outcome === 'cancelled';
}

/** Before the report in the last line of `refit host launch`'s standard output, which the Job's container reads. */
export const REPORT_LINE = 'refit-report ';

/** The report in a line's rest or in a termination message. What is none is undefined. */
export function reportIn(text: string): StepReport | undefined {
  return stepReportSchema.safeParse(parseJson(text)).data;
}
