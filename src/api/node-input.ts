// What the step pod hands to the node: key `input.json` of the Secret that the node's Job owns.
import { z } from 'zod';
import { NODE_COMMANDS } from './commands.ts';
import { DATA_LOSS } from './data-loss.ts';
import { desiredConfigurationSchema } from './desired-configuration.ts';
import { hostPlanSchema } from './host-plan.ts';

export const nodeInputSchema = z.strictObject({
  version: z.literal(1),
  /** What this launch is for. */
  step: z.enum(NODE_COMMANDS),
  /** Of that step. */
  timeoutSeconds: z.int().min(1),
  /** `plan.steps` is the list of the node; of a step used alone: only that one. */
  plan: hostPlanSchema,
  /** Digest of the plan that `stage` reported; empty: nothing was staged for this plan, this launch stands alone. */
  planSha256: z.string().regex(/^([0-9a-f]{64})?$/),
  /** Only for steps that need it: preflight, stage, prepull, the flip group. */
  desired: desiredConfigurationSchema.optional(),
  /** Only for preflight: another node could take its pods. Told again in its report. */
  hasElsewhere: z.boolean().optional(),
  /** Only for drain: the node is empty (or need not be), and goes on; false: it could not be drained, and stops. */
  drained: z.boolean().optional(),
  /** Only for rollback. */
  dataLoss: z.enum(DATA_LOSS).optional(),
  /** Only for rollback and finish: the Workflow's phase for finish. */
  workflowStatus: z.string().optional(),
});

export type NodeInput = z.infer<typeof nodeInputSchema>;
