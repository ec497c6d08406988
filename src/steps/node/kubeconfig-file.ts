// A kubeconfig on the node: its current server and user. Holds keys, so nothing of its text goes into a message.
import { parse } from 'yaml';
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';

export interface KubeconfigFile {
  /** URL. */
  server: string;
  /** PEM; undefined: the system's. */
  ca: string | undefined;
  /** PEM of the client certificate, perhaps with its key; undefined: the user has none (a token, a program). */
  clientCertificate: string | undefined;
}

const base64 = z.base64().optional();
const kubeconfigSchema = z.object({
  'current-context': z.string(),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
  ),
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.url(),
        'certificate-authority': z.string().optional(),
        'certificate-authority-data': base64,
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({ 'client-certificate': z.string().optional(), 'client-certificate-data': base64 }),
    }),
  ),
});

/** undefined: no such file. Errors: StatusError Failed naming the file. */
export async function readKubeconfigFile(host: Host, path: string): Promise<KubeconfigFile | undefined> {
  const content = await host.files.read(path);
  if (content === undefined) return undefined;
  const config = parseKubeconfig(content, path);
  const find = <T extends { name: string }>(list: readonly T[], name: string | undefined): T => {
    const found = list.find((item) => item.name === name);
    if (found) return found;
    throw new StatusError(`${path}: got no entry ${name ?? ''}, expected the one that its context names`, {
      reason: 'Failed',
    });
  };
  const { context } = find(config.contexts, config['current-context']);
  const { cluster } = find(config.clusters, context.cluster);
  const { user } = find(config.users, context.user);
  const pem = async (data: string | undefined, file: string | undefined): Promise<string | undefined> =>
    data === undefined
      ? file && (await host.files.read(file))?.toString()
      : Buffer.from(data, 'base64').toString();
  return {
    server: cluster.server,
    ca: await pem(cluster['certificate-authority-data'], cluster['certificate-authority']),
    clientCertificate: await pem(user['client-certificate-data'], user['client-certificate']),
  };
}

function parseKubeconfig(content: Buffer, path: string): z.infer<typeof kubeconfigSchema> {
  try {
    return kubeconfigSchema.parse(parse(content.toString()));
  } catch {
    // No cause: a parser's error may quote the file.
    throw new StatusError(`${path}: got something else, expected a kubeconfig`, { reason: 'Failed' });
  }
}
