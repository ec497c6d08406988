// Certificates that are not valid now: with one of those kubeadm cannot work, nor can what it restarts.
import { X509Certificate } from 'node:crypto';
import type { Role } from '../../api/steps.ts';
import type { Host } from '../host/host.ts';
import { refusal, type Finding } from './findings.ts';
import { readKubeconfigFile } from './kubeconfig-file.ts';

export interface CertificateFacts {
  path: string;
  /** undefined: it cannot be read. */
  validity: { notBefore: Date; notAfter: Date } | undefined;
}

const PKI = '/etc/kubernetes/pki';
const KUBELET_CLIENT = '/var/lib/kubelet/pki/kubelet-client-current.pem';
const KUBELET_CONF = '/etc/kubernetes/kubelet.conf';
/** What the control plane itself works with; super-admin.conf is for people. */
const KUBECONFIGS = ['admin', 'controller-manager', 'scheduler'].map(
  (name) => `/etc/kubernetes/${name}.conf`,
);

/** Errors: StatusError Failed for what is no kubeconfig. */
export async function inspectCertificates(host: Host, role: Role): Promise<readonly CertificateFacts[]> {
  const text = async (path: string): Promise<string | undefined> => (await host.files.read(path))?.toString();
  const inside = async (path: string): Promise<string | undefined> =>
    (await readKubeconfigFile(host, path))?.clientCertificate;
  const isControlPlane = role === 'control-plane';
  // A kubelet that has rotated its certificate uses that one, whatever kubelet.conf holds.
  const rotated = await text(KUBELET_CLIENT);
  const found: [string, string | undefined][] = [
    rotated === undefined ? [KUBELET_CONF, await inside(KUBELET_CONF)] : [KUBELET_CLIENT, rotated],
  ];
  for (const path of isControlPlane ? KUBECONFIGS : []) found.push([path, await inside(path)]);
  for (const folder of isControlPlane ? [PKI, `${PKI}/etcd`] : [PKI]) {
    const names = (await host.files.list(folder)).filter((name) => name.endsWith('.crt'));
    for (const name of names) found.push([`${folder}/${name}`, await text(`${folder}/${name}`)]);
  }
  return found.flatMap(([path, pem]) => (pem === undefined ? [] : parseCertificate(path, pem)));
}

/** The first one is what is used; of a bundle of CAs (while one is replaced) any that is valid will do. */
export function parseCertificate(path: string, pem: string): CertificateFacts {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const all = blocks.map((block) => {
      const { validFrom, validTo } = new X509Certificate(block);
      return { notBefore: new Date(validFrom), notAfter: new Date(validTo) };
    });
    const isBundle = path.endsWith('ca.crt');
    const [first] = isBundle ? all.sort((a, b) => b.notAfter.getTime() - a.notAfter.getTime()) : all;
    return { path, validity: first };
  } catch {
    // Not told why: an error of the parser may quote the file, which may hold a key.
    return { path, validity: undefined };
  }
}

export function certificateFindings(facts: readonly CertificateFacts[], now: Date): readonly Finding[] {
  return facts.flatMap(({ path, validity }) => {
    if (validity === undefined) {
      return [refusal(`${path}: got no readable certificate, expected one in PEM: ${remedy(path)}`)];
    }
    const { notBefore, notAfter } = validity;
    if (notAfter <= now) {
      const got = `a certificate that expired ${notAfter.toISOString().slice(0, 10)}`;
      return [refusal(`${path}: got ${got}, expected a valid one: ${remedy(path)}`)];
    }
    if (notBefore <= now) return [];
    return [
      refusal(
        `${path}: got a certificate that is not valid before ${notBefore.toISOString()}, expected one that is now ` +
          `(${now.toISOString()}): correct the clock of this machine`,
      ),
    ];
  });
}

function remedy(path: string): string {
  if (path.endsWith('ca.crt')) return 'replace the CA by hand, as the Kubernetes documentation tells';
  if (path === KUBELET_CLIENT || path === KUBELET_CONF) {
    return (
      'make a kubelet.conf with "kubeadm kubeconfig user --org system:nodes --client-name system:node:<node>" on a ' +
      'control-plane node, put it here and restart the kubelet'
    );
  }
  return 'run "kubeadm certs renew all" on this node and restart the static pods';
}
