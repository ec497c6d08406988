// The control plane's components: what they are started with, and how to see that they are ready.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import path from 'node:path';
import { stringify } from 'yaml';

export interface Settings {
  /** Only this user may look into it: it holds the token and etcd's socket. */
  folder: string;
  port: number;
  token: string;
}

export function createSettings(folder: string, port: number): Settings {
  const settings = { folder, port, token: randomBytes(24).toString('hex') };
  const user = `${settings.token},admin,admin,"system:masters"\n`;
  writeFileSync(path.join(folder, 'tokens.csv'), user, { mode: 0o600 });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'sec1', format: 'pem' });
  writeFileSync(path.join(folder, 'service-accounts.key'), key, { mode: 0o600 });
  return settings;
}

/** etcd has no password here, so it listens on sockets in our folder and not on a port. */
export function etcdArguments({ folder }: Settings): string[] {
  return [
    ...['--data-dir', path.join(folder, 'etcd'), '--unsafe-no-fsync'],
    ...['--listen-client-urls', etcdUrl(folder, 'client'), '--listen-peer-urls', etcdUrl(folder, 'peer')],
    // Must be given, and cannot be a socket; a single member calls nobody.
    ...['--advertise-client-urls', 'http://localhost:2379'],
  ];
}

export function apiServerArguments({ folder, port }: Settings): string[] {
  const key = path.join(folder, 'service-accounts.key');
  return [
    ...['--etcd-servers', etcdUrl(folder, 'client')],
    ...['--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1', '--secure-port', String(port)],
    // It makes a certificate and its authority there when there is none.
    ...['--cert-dir', path.join(folder, 'certificates')],
    ...['--token-auth-file', path.join(folder, 'tokens.csv'), '--authorization-mode', 'RBAC'],
    ...['--service-account-issuer', 'https://kubernetes.default.svc'],
    ...['--service-account-key-file', key, '--service-account-signing-key-file', key],
    // No controller makes service accounts' objects here, and pods are refused without.
    ...['--disable-admission-plugins', 'ServiceAccount', '--endpoint-reconciler-type', 'none'],
    ...['--service-cluster-ip-range', '10.96.0.0/16', '--profiling=false'],
    // Jobs on nodes are privileged.
    '--allow-privileged',
  ];
}

export function isEtcdReady({ folder }: Settings): Promise<boolean> {
  // Not whether the socket is there: a killed one leaves it.
  return answersOk({ socketPath: path.join(folder, 'client.sock'), path: '/readyz', timeout: 2000 });
}

export function isApiServerReady({ folder, port, token }: Settings): Promise<boolean> {
  const ca = authority(folder);
  if (ca === undefined) return Promise.resolve(false);
  const headers = { authorization: `Bearer ${token}` };
  return answersOk({ host: '127.0.0.1', port, path: '/readyz', ca, headers, timeout: 2000, agent: false });
}

/** Of the administrator. Returns the path of the file. */
export function writeKubeconfig({ folder, port, token }: Settings, file: string): string {
  const ca = authority(folder) ?? '';
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  };
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

function etcdUrl(folder: string, socket: 'client' | 'peer'): string {
  return `unix://${path.join(folder, `${socket}.sock`)}`;
}

/** The certificates that kube-apiserver made: its own and its authority's; nothing before it did. */
function authority(folder: string): string | undefined {
  const file = path.join(folder, 'certificates', 'apiserver.crt');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Over TLS unless it is a socket or told otherwise; only an answer of 200 is a yes. */
export function answersOk(options: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const send = options.socketPath === undefined && options.protocol !== 'http:' ? get : getPlain;
    const request = send(options, (response) => resolve(response.resume().statusCode === 200));
    request.on('timeout', () => request.destroy()).on('error', () => resolve(false));
  });
}
