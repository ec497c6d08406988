// What a Cluster's owner wants otherwise than the policy that counts everywhere.
import { parse } from 'yaml';
import { StatusError } from './errors.ts';
import { isObject } from './json.ts';
import { POLICY_ANNOTATION } from './labels.ts';
import { policyProblems } from './policy-problems.ts';
import { policySchema, type Policy } from './policy.ts';

/**
 * The image map cannot be overridden: it names what runs as root on the nodes, and step pods read it from their ConfigMap.
 */
export const overrideSchema = policySchema.omit({ imageMap: true });

/** Only a few keys are expected; a longer text would be parsed again for every change of the Cluster. */
const MAX_LENGTH = 16_384;

/**
 * `base` with the keys that the text (YAML) sets; lists are replaced as a whole. `cluster` is for the error.
 * Errors: BadInput naming the annotation and every bad key.
 */
export function overridePolicy(
  base: Policy,
  text: string,
  cluster: { namespace: string; name: string },
): Policy {
  const source = `Cluster ${cluster.namespace}/${cluster.name}: annotation ${POLICY_ANNOTATION}`;
  const override = readOverride(text, source);
  const parsed = overrideSchema.safeParse(override);
  if (!parsed.success) {
    const problems = policyProblems(parsed.error, override, source);
    throw new StatusError(problems.join('; '), { reason: 'BadInput', cause: parsed.error });
  }
  const { imageMap, ...rest } = base;
  return { ...overrideSchema.parse(merged(rest, override)), ...(imageMap === undefined ? {} : { imageMap }) };
}

function readOverride(text: string, source: string): Record<string, unknown> {
  const refuse = (expected: string, cause?: unknown): StatusError =>
    new StatusError(`${source}: expected ${expected}`, { reason: 'BadInput', cause });
  if (text.length > MAX_LENGTH) throw refuse(`at most ${MAX_LENGTH} characters`);
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw refuse('YAML', error);
  }
  if (value === null || value === undefined) return {};
  if (!isObject(value)) throw refuse('a mapping of policy keys');
  return value;
}

function merged(base: object, override: object): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(override) as [string, unknown][]) {
    const before = Object.hasOwn(result, key) ? result[key] : undefined;
    result[key] = isObject(before) && isObject(value) ? merged(before, value) : value;
  }
  return result;
}
