// The kubelet's configuration file, as far as it decides anything here.
import { parse } from 'yaml';
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';

export const KUBELET_CONFIGURATION_FILE = '/var/lib/kubelet/config.yaml';

const kubeletConfigurationSchema = z.object({
  failCgroupV1: z.boolean().optional(),
  failSwapOn: z.boolean().optional(),
  containerRuntimeEndpoint: z.string().optional(),
});

export type KubeletConfiguration = z.infer<typeof kubeletConfigurationSchema>;

/** An absent file is an empty one. Errors: StatusError Failed. */
export async function readKubeletConfiguration(host: Host): Promise<KubeletConfiguration> {
  const content = await host.files.read(KUBELET_CONFIGURATION_FILE);
  try {
    return kubeletConfigurationSchema.parse((content && parse(content.toString())) ?? {});
  } catch (cause) {
    throw new StatusError(`${KUBELET_CONFIGURATION_FILE}: is no kubelet configuration`, {
      reason: 'Failed',
      cause,
    });
  }
}
