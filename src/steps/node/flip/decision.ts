// How the control plane of this node is to be moved: decided by `stage`, obeyed by the step `kubeadm`.
import { z } from 'zod';
import type { Host } from '../../host/host.ts';
import { readJson } from '../json-file.ts';
import { STATIC_PODS } from '../static-pods.ts';
import { decisionFile, intentFile, renderedFolder, scratchFolder } from './flip-folder.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const manifestSchema = z.strictObject({
  /** Of the rendered one. */
  sha256,
  /** Of the one that lay in the manifests folder when this was decided: another one now is not what was judged. */
  fromSha256: sha256,
});
const nameSchema = z.enum(STATIC_PODS);

const flipSchema = z.strictObject({
  version: z.literal(1),
  method: z.literal('flip'),
  reasons: z.array(z.string()),
  manifests: z.record(nameSchema, manifestSchema),
  /** Then the older etcd cannot be relied on to read what the newer one has written. */
  etcdMinorChanges: z.boolean(),
});
/** `reasons`: why it is not flipped, though the policy asks for it. */
const kubeadmSchema = z.strictObject({
  ...flipSchema.shape,
  method: z.literal('kubeadm'),
  reasons: z.array(z.string()).min(1),
  manifests: z.partialRecord(nameSchema, manifestSchema),
});
export const decisionSchema = z.discriminatedUnion('method', [flipSchema, kubeadmSchema]);

export type FlipDecision = z.infer<typeof decisionSchema>;
export type DecidedManifests = z.infer<typeof flipSchema>['manifests'];

/** undefined: nobody asked for a flip, or the file cannot be read; either way the method is kubeadm's. */
export async function readDecision(host: Host, operation: string): Promise<FlipDecision | undefined> {
  return readJson(host, decisionFile(operation), decisionSchema);
}

export async function writeDecision(host: Host, operation: string, decision: FlipDecision): Promise<void> {
  const content = `${JSON.stringify(decisionSchema.parse(decision), undefined, 2)}\n`;
  await host.files.write(decisionFile(operation), content, { mode: 0o600 });
}

/** At the end of the operation: what may hold secrets. A flip that was begun and has not ended may need them still. */
export async function forgetRendered(host: Host, operation: string): Promise<void> {
  await host.files.remove(scratchFolder(operation));
  if ((await host.files.status(intentFile(operation))) !== undefined) return;
  await host.files.remove(renderedFolder(operation));
}
