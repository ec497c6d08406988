import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVING_SECRET } from '../../../src/charts/names.ts';
import { CLIENT_CA_SECRET } from '../objects/refit.ts';
import { type RefitPod, secretFolder } from '../objects/refit-pod.ts';
import type { LabSite } from '../site.ts';
import type { ProcessSpec } from './process.ts';

const MAIN = fileURLToPath(new URL('../recorder/main.ts', import.meta.url));

/** Between Cluster API and Refit: it shows Refit's certificate to the one, and the managers' to the other. */
export function recorder(site: LabSite, pod: RefitPod, folder: string): ProcessSpec {
  const serving = secretFolder(site, pod, SERVING_SECRET);
  const clientCa = secretFolder(site, pod, CLIENT_CA_SECRET);
  const flags = {
    port: String(site.ports.recorder),
    'upstream-port': String(site.ports.refit),
    kubeconfig: site.layout.kubeconfig,
    folder: path.resolve(folder),
    'server-cert-file': path.join(serving, 'tls.crt'),
    'server-key-file': path.join(serving, 'tls.key'),
    'server-ca-file': path.join(serving, 'ca.crt'),
    'client-cert-file': path.join(site.hookClientFolder, 'tls.crt'),
    'client-key-file': path.join(site.hookClientFolder, 'tls.key'),
    'client-ca-file': path.join(clientCa, 'ca.crt'),
  };
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  return {
    binary: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', MAIN, ...args],
    isReady: (daemon) => Promise.resolve(/^recording on /m.test(daemon.output())),
  };
}
