// What the last operation that ended well made of this node: how later ones know that nothing is left to do.
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import { NODE_RECORD_FILE } from '../host/folders.ts';
import type { Host } from '../host/host.ts';

const nodeRecordSchema = z.strictObject({
  version: z.literal(1),
  operation: z.string(),
  hash: z.string(),
  kubernetes: z.string(),
  release: z.string(),
  desiredSha256: z.string(),
  /** Names of kubelet arguments that came from the desired configuration: the next one may take them away. */
  kubeletExtraArgs: z.array(z.string()),
  /** sha256 of what kubeadm wrote (static pods, kubelet configuration): another one now means that it must run again. */
  kubeadmFiles: z.record(z.string(), z.string()),
  finishedAt: z.string(),
});

export type NodeRecord = z.infer<typeof nodeRecordSchema>;

/** undefined: no operation has ended well here. A file that cannot be read counts as none: then the work is done again. */
export async function readNodeRecord(host: Host): Promise<NodeRecord | undefined> {
  const content = await host.files.read(NODE_RECORD_FILE);
  if (content === undefined) return undefined;
  try {
    return nodeRecordSchema.parse(JSON.parse(content.toString()));
  } catch {
    host.log(`${NODE_RECORD_FILE}: cannot be read, taken for absent`);
    return undefined;
  }
}

/** Errors: StatusError Failed. */
export async function writeNodeRecord(host: Host, record: NodeRecord): Promise<void> {
  const checked = nodeRecordSchema.safeParse(record);
  if (!checked.success)
    throw new StatusError(`${NODE_RECORD_FILE}: ${checked.error.message}`, { reason: 'Failed' });
  await host.files.write(NODE_RECORD_FILE, `${JSON.stringify(checked.data, undefined, 2)}\n`, {
    mode: 0o600,
  });
}
