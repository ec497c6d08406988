// The API server's serving certificate: which names it lacks, and a new one by kubeadm.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { parse, stringify } from 'yaml';
import { badInput, StatusError } from '../../api/errors.ts';
import { isObject } from '../../api/json.ts';
import { operationFolder } from '../host/folders.ts';
import type { Argv, Host } from '../host/host.ts';
import { lastLines } from '../host/output.ts';
import { openUndo } from '../host/undo.ts';
import { readStaticPod } from './static-pods.ts';

const PKI = '/etc/kubernetes/pki';
export const API_SERVER_CERTIFICATE = `${PKI}/apiserver.crt`;
const API_SERVER_KEY = `${PKI}/apiserver.key`;
const CA_FILES = ['ca.crt', 'ca.key'] as const;
const KUBEADM_SECONDS = 60;
const MAX_OUTPUT = 300;

export interface CertificateRequest {
  operation: string;
  /** The program. */
  kubeadm: string;
  nodeName: string;
  certSANs: readonly string[];
  /** YAML; in the API version that this kubeadm reads. */
  clusterConfiguration: string;
}

/** What is wrong with it; empty: it names all of these. Errors: StatusError Failed for what is no certificate. */
export async function certificateProblems(host: Host, certSANs: readonly string[]): Promise<string[]> {
  const [cert, key] = await Promise.all([
    host.files.read(API_SERVER_CERTIFICATE),
    host.files.read(API_SERVER_KEY),
  ]);
  if (!cert || !key) return [`${API_SERVER_CERTIFICATE}: got no certificate and key, expected both`];
  const missing = missingNames(cert, certSANs);
  return [
    ...(missing.length === 0
      ? []
      : [`${API_SERVER_CERTIFICATE}: got no ${missing.join(', ')}, expected it among its names`]),
    // An earlier attempt was ended between the two.
    ...(isPair(cert, key) ? [] : [`${API_SERVER_KEY}: got the key of another certificate`]),
  ];
}

/** Why a new one cannot be made on this node. */
export async function certificateRefusals(
  host: Host,
  clusterConfiguration: string | undefined,
): Promise<string[]> {
  const names = await host.files.list(PKI);
  return [
    ...(names.includes('ca.key')
      ? []
      : [
          `${PKI}/ca.key: absent: only who holds the cluster's CA can make a new certificate of the API server`,
        ]),
    ...(clusterConfiguration === undefined
      ? ['kubeadm-config: got no ClusterConfiguration, expected one to make a certificate by']
      : []),
  ];
}

/** Those that a certificate in PEM does not name. Pure. Errors: StatusError Failed for what is no certificate. */
export function missingNames(pem: Uint8Array, names: readonly string[]): string[] {
  const certificate = certificateOf(pem);
  const all = namesOf(certificate);
  return names.filter((name) =>
    isIP(name) === 0 ? !all.includes(`DNS:${name.toLowerCase()}`) : certificate.checkIP(name) === undefined,
  );
}

/**
 * By kubeadm in a folder of its own, so that the one in use is replaced only by a whole one, key first: a certificate
 * without its key would look right to the next attempt. Errors: StatusError Failed.
 */
export async function renewCertificate(host: Host, request: CertificateRequest): Promise<void> {
  const folder = `${operationFolder(request.operation)}/certificates`;
  try {
    const [cert, key] = await makeCertificate(host, request, folder);
    const journal = openUndo(host, request.operation, 'configure');
    await logDropped(host, cert);
    for (const [path, content] of [
      [API_SERVER_KEY, key],
      [API_SERVER_CERTIFICATE, cert],
    ] as const) {
      const mode = (await host.files.status(path))?.mode ?? (path === API_SERVER_KEY ? 0o600 : 0o644);
      await journal.save(path, { what: path });
      await host.files.write(path, content, { mode });
    }
  } finally {
    // It holds the CA's key.
    await host.files.remove(folder);
  }
}

/** Of names that nobody asks for any more, or that somebody put in by hand: who misses one must find out why. */
async function logDropped(host: Host, cert: Buffer): Promise<void> {
  const old = await host.files.read(API_SERVER_CERTIFICATE);
  const names = namesOf(certificateOf(cert));
  const dropped = old ? namesOf(certificateOf(old)).filter((name) => !names.includes(name)) : [];
  if (dropped.length > 0) host.log(`${API_SERVER_CERTIFICATE}: no more in it: ${dropped.join(', ')}`);
}

async function makeCertificate(
  host: Host,
  request: CertificateRequest,
  folder: string,
): Promise<[cert: Buffer, key: Buffer]> {
  await host.files.remove(folder);
  for (const name of CA_FILES) await host.files.copy(`${PKI}/${name}`, `${folder}/${name}`, { mode: 0o600 });
  const file = `${folder}/configuration.yaml`;
  const flags = (await readStaticPod(host, 'kube-apiserver'))?.flags ?? new Map<string, string>();
  await host.files.write(file, certificateConfiguration(request, flags, folder), { mode: 0o600 });
  const argv: Argv = [request.kubeadm, 'init', 'phase', 'certs', 'apiserver', `--config=${file}`];
  const { code, stderr } = await host.run(argv, {
    timeoutSeconds: KUBEADM_SECONDS,
    onLine: (line) => host.log(`  ${line}`),
  });
  const [cert, key, ca] = await Promise.all(
    ['apiserver.crt', 'apiserver.key', 'ca.crt'].map((name) => host.files.read(`${folder}/${name}`)),
  );
  if (code !== 0 || !cert || !key || !ca) {
    throw failed(`exit code: got ${code}, expected 0: ${lastLines(stderr, MAX_OUTPUT)}`);
  }
  const missing = missingNames(cert, request.certSANs);
  if (missing.length > 0) throw failed(`got a certificate without ${missing.join(', ')}`);
  if (!isPair(cert, key) || !certificateOf(cert).verify(certificateOf(ca).publicKey)) {
    throw failed('got a certificate that does not fit its key or its CA');
  }
  return [cert, key];
}

/**
 * What kubeadm makes the certificate of this node by: besides certSANs it names the node, this address, the first address of
 * the service subnet and the control plane's endpoint. `flags`: of the API server. Pure.
 */
export function certificateConfiguration(
  { clusterConfiguration, certSANs, nodeName }: Omit<CertificateRequest, 'operation' | 'kubeadm'>,
  flags: ReadonlyMap<string, string>,
  certificatesDir: string,
): string {
  const cluster: unknown = parse(clusterConfiguration);
  if (!isObject(cluster)) throw badInput('kubeadm-config ClusterConfiguration', cluster, 'an object');
  const apiServer = isObject(cluster['apiServer']) ? cluster['apiServer'] : {};
  const shared = Array.isArray(apiServer['certSANs']) ? apiServer['certSANs'] : [];
  const bindPort = Number(flags.get('secure-port') ?? 6443);
  const init = {
    apiVersion: cluster['apiVersion'],
    kind: 'InitConfiguration',
    localAPIEndpoint: { advertiseAddress: flags.get('advertise-address'), bindPort },
    // Not asked for anything, but without one kubeadm looks for sockets and stops at several.
    nodeRegistration: { name: nodeName, criSocket: 'unix:///run/containerd/containerd.sock' },
  };
  return [
    init,
    {
      ...cluster,
      certificatesDir,
      apiServer: { ...apiServer, certSANs: [...new Set([...shared, ...certSANs])] },
    },
  ]
    .map((document) => stringify(document))
    .join('---\n');
}

/** `DNS:kubernetes`, `IP Address:10.96.0.1`. kubeadm writes names in lower case. */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName.split(', ');
}

function isPair(cert: Uint8Array, key: Buffer): boolean {
  try {
    return certificateOf(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** The error of the parser may quote what it was given. */
function certificateOf(pem: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new StatusError('certificate of the API server: got something else, expected PEM', {
      reason: 'Failed',
    });
  }
}

function failed(why: string): StatusError {
  return new StatusError(`kubeadm init phase certs apiserver: ${why}`, { reason: 'Failed' });
}
