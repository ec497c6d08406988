// The input of a launch: its shape, and whether it is for this machine.
import { z } from 'zod';
import { componentsSchema } from '../../api/components.ts';
import { desiredConfigurationDigest } from '../../api/desired-configuration.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { parseJson } from '../../api/json.ts';
import { nodeInputSchema, type NodeInput } from '../../api/node-input.ts';
import { isFlipStep } from '../../api/steps.ts';
import { operationFolder, STATE_FOLDER } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { checkIdentity } from './identity.ts';

/** What a transient unit is given, in a file that it removes when it has read it. */
export const stepInputSchema = z.strictObject({
  input: nodeInputSchema,
  components: z.strictObject({ ...componentsSchema.shape, folder: z.string() }).optional(),
});

export type StepInput = z.infer<typeof stepInputSchema>;

export const stepInputFile = (operation: string, step: string): string =>
  `${operationFolder(operation)}/${step}.input`;

/** Names in STATE_FOLDER that are not operations. */
export const RESERVED = ['program', 'stage', 'backup', 'refit', 'lock.json', 'node.json'];

/** Errors: BadInput naming fields, never their content. */
export function parseNodeInput(text: string): NodeInput {
  const parsed = nodeInputSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`);
  throw new StatusError(problems.join('; '), { reason: 'BadInput' });
}

/** Errors: BadInput naming what does not fit to what. */
export async function checkNodeInput(
  host: Host,
  { step, plan, desired, planSha256 }: NodeInput,
): Promise<void> {
  if (RESERVED.includes(plan.operation)) {
    throw badInput(
      'plan.operation',
      plan.operation,
      `a name that ${STATE_FOLDER} does not use for something else`,
    );
  }
  await checkIdentity(host, plan);
  const isFlip = isFlipStep(step);
  const needsDesired = step === 'preflight' || step === 'stage' || (isFlip && planSha256 === '');
  if (needsDesired && desired === undefined)
    throw badInput('desired', desired, `what step ${step} works from`);
  const digest = desired && desiredConfigurationDigest(desired);
  if (digest !== undefined && digest !== plan.desiredSha256) {
    throw badInput('desired: sha256', digest, plan.desiredSha256);
  }
}
