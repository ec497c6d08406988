// What a Machine's bootstrap configuration asks of its node, resolved: read again by the step pod, handed to the node.
import { z } from 'zod';
import { jsonDigest } from './json.ts';

const fileSchema = z.strictObject({
  path: z.string().regex(/^\/[^\0]*$/),
  /** `user:group` by name or number. */
  owner: z.string(),
  /** Octal, like 0640. */
  permissions: z.string().regex(/^[0-7]{3,4}$/),
  /** Decoded, contentFrom resolved; base64 here. */
  content: z.base64(),
});

export const desiredConfigurationSchema = z.strictObject({
  version: z.literal(1),
  /** In the order of the bootstrap configuration. */
  files: z.array(fileSchema),
  kubeletExtraArgs: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  /** Where kubeadm looks for patches; it does not remember. */
  patchesDirectory: z.string().optional(),
  ignorePreflightErrors: z.array(z.string()),
  /** Of the API server's certificate, besides those that kubeadm adds by itself. */
  certSANs: z.array(z.string()),
  /** ClusterConfiguration of the workload cluster's kubeadm-config, YAML; absent on workers that cannot read it. */
  clusterConfiguration: z.string().optional(),
});

/** Holds file contents, so perhaps secrets: never logged, 0600 on the node, removed when the operation ends. */
export type DesiredConfiguration = z.infer<typeof desiredConfigurationSchema>;
export type DesiredFile = z.infer<typeof fileSchema>;

/** In the plan file: what is handed over later must be what the plan was made for. */
export function desiredConfigurationDigest(desired: DesiredConfiguration): string {
  return jsonDigest(desiredConfigurationSchema.parse(desired));
}
