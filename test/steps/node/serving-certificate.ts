// Serving certificates of an API server, and a kubeadm that makes them.
import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { TestHost } from './host-tree.ts';
import type { Certificate } from './tree-certificates.ts';

export const CLUSTER_CONFIGURATION = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.34.4
certificatesDir: /etc/kubernetes/pki
controlPlaneEndpoint: cp.example.com:6443
apiServer:
  certSANs: [old.example.com]
  extraArgs: [{ name: audit-policy-file, value: /etc/kubernetes/audit.yaml }]
networking: { dnsDomain: cluster.local, serviceSubnet: 10.96.0.0/12 }
`;

const configurationSchema = z.object({
  certificatesDir: z.string(),
  apiServer: z.object({ certSANs: z.array(z.string()) }),
});

/** By the CA of the host, or another one. */
export async function servingCertificate(
  host: TestHost,
  names: readonly string[],
  ca?: Certificate,
): Promise<Certificate> {
  const read = async (name: string): Promise<string> =>
    String(await host.files.read(`/etc/kubernetes/pki/${name}`));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'kube-apiserver' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date('2026-06-01T00:00:00Z'),
    extensions: [
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
        ),
      },
    ],
    ca: ca ?? { cert: await read('ca.crt'), key: await read('ca.key') },
  });
  return { cert, key };
}

/** `kubeadm init phase certs apiserver`, as it was seen: names of the file and its own, in the folder of the file. */
export function answerNewCertificate(
  host: TestHost,
  { names, ca }: { names?: readonly string[]; ca?: Certificate } = {},
): void {
  host.answer(['/usr/bin/kubeadm', 'init', 'phase', 'certs', 'apiserver'], async (argv) => {
    const text = String(await host.files.read((argv.at(-1) ?? '').replace('--config=', '')));
    const cluster: unknown = parseAllDocuments(text)[1]?.toJS();
    const { certificatesDir: folder, apiServer } = configurationSchema.parse(cluster);
    const made = await servingCertificate(host, names ?? ['kubernetes', ...apiServer.certSANs], ca);
    await host.files.write(`${folder}/apiserver.crt`, made.cert, { mode: 0o644 });
    await host.files.write(`${folder}/apiserver.key`, made.key, { mode: 0o600 });
    return '[certs] Generating "apiserver" certificate and key\n';
  });
}
