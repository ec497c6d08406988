// The certificates with which Cluster API and Refit know each other: cert-manager's work elsewhere.
import type { JsonObject } from '../../../src/api/json.ts';
import { SERVER, SERVER_NAMESPACE, SERVING_SECRET } from '../../../src/charts/names.ts';
import { DISCOVERY_PATH } from '../../../src/hook/hooks.ts';
import { HOOKS_API_VERSION } from '../../../src/api/hooks.ts';
import { call } from '../../helpers/https.ts';
import { createAuthority, secretFiles, type Signed, writeMounted } from '../certificates.ts';
import type { LabSite } from '../site.ts';
import { CLIENT_CA_SECRET } from './refit.ts';
import { type RefitPod, secretFolder } from './refit-pod.ts';

export interface HookCertificates {
  /** Refit's. */
  server: Signed;
  /** The managers'. */
  client: Signed;
}

/** Of two authorities that sign nothing else. */
export async function createHookCertificates(): Promise<HookCertificates> {
  const [serverAuthority, clientAuthority] = [
    await createAuthority('capi-refit-server-ca'),
    await createAuthority('capi-client-ca'),
  ];
  return {
    server: await serverAuthority(SERVER, 'server', [`${SERVER}.${SERVER_NAMESPACE}.svc`]),
    client: await clientAuthority('capi-manager', 'client'),
  };
}

export function hookSecrets(certificates: HookCertificates): JsonObject[] {
  return Object.entries(secretData(certificates)).map(([name, files]) => secret(name, files));
}

/** What a kubelet makes of these Secrets, for Refit and for the managers. */
export function writeHookFiles(certificates: HookCertificates, site: LabSite, pod: RefitPod): void {
  for (const [name, files] of Object.entries(secretData(certificates))) {
    writeMounted(secretFolder(site, pod, name), files);
  }
  writeMounted(site.hookClientFolder, secretFiles(certificates.client));
}

function secretData({ server, client }: HookCertificates): Record<string, Record<string, string>> {
  return { [SERVING_SECRET]: secretFiles(server), [CLIENT_CA_SECRET]: { 'ca.crt': client.ca } };
}

/** Does Refit serve this certificate, and accept these clients? */
export async function isServedWith({ server, client }: HookCertificates, port: number): Promise<boolean> {
  const body = JSON.stringify({ apiVersion: HOOKS_API_VERSION, kind: 'DiscoveryRequest' });
  const identity = { ca: server.ca, cert: client.cert, key: client.key };
  try {
    const answer = await call(port, { ...identity, path: DISCOVERY_PATH, body });
    return answer.json()['status'] === 'Success';
  } catch {
    return false;
  }
}

function secret(name: string, files: Readonly<Record<string, string>>): JsonObject {
  const data = Object.fromEntries(
    Object.entries(files).map(([file, content]) => [file, Buffer.from(content).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: SERVER_NAMESPACE }, data };
}
