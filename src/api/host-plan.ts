// plan.json on the node: what the operation's unit may do there, and on which machine. Written by `stage`.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, type JsonValue } from './json.ts';
import { STEP_NAMES } from './steps.ts';

export const hostPlanSchema = z.strictObject({
  version: z.literal(1),
  operation: z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
  hash: z.string(),
  machine: z.strictObject({ namespace: z.string(), name: z.string(), uid: z.string() }),
  cluster: z.string(),
  /** Identity of the host: a plan that meets another one is refused. */
  node: z.strictObject({
    name: z.string(),
    uid: z.string(),
    machineID: z.string(),
    providerID: z.string().optional(),
  }),
  role: z.enum(['control-plane', 'worker']),
  kubernetes: z.string(),
  release: z.string(),
  /** The flip group in order; each with its bound. */
  steps: z.array(z.strictObject({ name: z.enum(STEP_NAMES), timeoutSeconds: z.int().min(1) })).min(1),
});

export type HostPlan = z.infer<typeof hostPlanSchema>;

/** What the launchers pass as `plan-sha256` and the host checks at every start. */
export function hostPlanDigest(plan: HostPlan): string {
  return createHash('sha256')
    .update(canonicalJson(hostPlanSchema.parse(plan) as unknown as JsonValue))
    .digest('hex');
}
