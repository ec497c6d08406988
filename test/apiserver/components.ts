// The control plane's components: what they are started with, and how to see that they are ready.
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { get, type RequestOptions } from 'node:https';
import { createServer } from 'node:net';
import path from 'node:path';
import { stringify } from 'yaml';

const portAttempts = 50;

export interface Settings {
  /** Only this user may look into it: it holds the token and etcd's socket. */
  folder: string;
  port: number;
  token: string;
}

export async function createSettings(folder: string): Promise<Settings> {
  const settings = { folder, port: await freePort(), token: randomBytes(24).toString('hex') };
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

export async function isEtcdReady({ folder }: Settings): Promise<boolean> {
  return existsSync(path.join(folder, 'client.sock'));
}

export function isApiServerReady({ folder, port, token }: Settings): Promise<boolean> {
  const ca = authority(folder);
  if (ca === undefined) return Promise.resolve(false);
  const headers = { authorization: `Bearer ${token}` };
  return answersOk({ host: '127.0.0.1', port, path: '/readyz', ca, headers, timeout: 2000, agent: false });
}

/** Returns the path of the file. */
export function writeKubeconfig({ folder, port, token }: Settings): string {
  const ca = authority(folder) ?? '';
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  };
  const file = path.join(folder, 'kubeconfig');
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

function answersOk(options: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(options, (response) => resolve(response.resume().statusCode === 200));
    request.on('timeout', () => request.destroy()).on('error', () => resolve(false));
  });
}

/** Below the range of client ports: a restarted server must find its port still free. */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < portAttempts; attempt += 1) {
    const port = randomInt(20_000, 30_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer().once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error(`127.0.0.1: found no free port in ${portAttempts} attempts`);
}
