// The wire types of an external upgrade: what a client asks for, and what it is told.
import { z } from 'zod';
import { StatusError } from './errors.ts';
import { isDeeperThan, type JsonObject } from './json.ts';

export const EXTERNAL_API_VERSION = 'hooks.capi-refit.io/v1alpha1';
export const EXTERNAL_PATH = `/${EXTERNAL_API_VERSION}/externalupgrade`;

const MAX_DEPTH = 100;
/** More than a Cluster of any size has. */
const MAX_MACHINES = 5000;

const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'the name of a Kubernetes object');
const spec = z.record(z.string(), z.json());

const externalRequestSchema = z.object({
  apiVersion: z.literal(EXTERNAL_API_VERSION),
  kind: z.literal('ExternalUpgradeRequest'),
  cluster: z.object({ namespace: name, name }),
  owner: z.object({ kind: z.string().max(63), name }),
  /** Machines of the owner that the client means; absent: all of them. Others are refused, none is left out. */
  machines: z.array(name).max(MAX_MACHINES).optional(),
  /** What the client takes for desired. The owner decides: what differs from it is refused. */
  machine: spec.optional(),
  bootstrapConfig: spec.optional(),
  infrastructureMachine: spec.optional(),
  /** Of the image map; also another one of the same Kubernetes version. */
  release: z.string().max(63).optional(),
});

export type ExternalRequest = z.infer<typeof externalRequestSchema>;

export interface ExternalResponse {
  apiVersion: typeof EXTERNAL_API_VERSION;
  kind: 'ExternalUpgradeResponse';
  /** false: declined, nothing was changed; the reason says what to do. */
  accepted: boolean;
  reason: string;
  /** Machines that have to be upgraded, are upgraded, and, of these, are ready. */
  requireUpgrade: number;
  upgraded: number;
  ready: boolean;
}

/** Errors: BadInput naming every field that is wrong. */
export function decodeExternalRequest(body: unknown): ExternalRequest {
  if (isDeeperThan(body, MAX_DEPTH)) {
    throw new StatusError(`request: got more than ${MAX_DEPTH} levels of nesting`, { reason: 'BadInput' });
  }
  const parsed = externalRequestSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${['request', ...path].join('.')}: ${message}`,
  );
  throw new StatusError(problems.join('; '), { reason: 'BadInput', cause: parsed.error });
}

export function externalResponse(
  answer: Pick<ExternalResponse, 'accepted' | 'reason'> & Partial<ExternalResponse>,
): ExternalResponse & JsonObject {
  return {
    apiVersion: EXTERNAL_API_VERSION,
    kind: 'ExternalUpgradeResponse',
    requireUpgrade: 0,
    upgraded: 0,
    ready: false,
    ...answer,
  };
}
