// What `stage` decided about the control plane of this node: flip it, or let kubeadm move it, and why.
import { z } from 'zod';
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { STATIC_PODS, type StaticPodName } from '../static-pods.ts';
import { decisionFile } from './flip-folder.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const flipDecisionSchema = z.strictObject({
  version: z.literal(1),
  method: z.enum(['flip', 'kubeadm']),
  /** Why not `flip`; for people. */
  reasons: z.array(z.string()),
  /** Rendered by the new kubeadm: `sha256`; `from`: of the manifest that lay there when they were compared. */
  manifests: z.partialRecord(z.enum(STATIC_PODS), z.strictObject({ sha256, from: sha256 })),
  /** Another minor version of this node's own etcd: what it writes, the present one may not read. */
  etcdMinorChanges: z.boolean(),
});

export type FlipDecision = z.infer<typeof flipDecisionSchema>;
export type FlipManifest = NonNullable<FlipDecision['manifests'][StaticPodName]>;

/** undefined: none was made. Errors: StatusError Failed for what is no decision. */
export async function readDecision(host: Host, operation: string): Promise<FlipDecision | undefined> {
  const path = decisionFile(operation);
  const content = await host.files.read(path);
  if (content === undefined) return undefined;
  try {
    return flipDecisionSchema.parse(JSON.parse(content.toString()));
  } catch (cause) {
    throw new StatusError(`${path}: got something else, expected a decision of this version`, {
      reason: 'Failed',
      cause,
    });
  }
}
