// `refit serve` as its pod would run it: same arguments, same files at the same places below a folder, same account.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { POLICY_KEY, SERVING_SECRET } from '../../../src/charts/names.ts';
import { answersOk } from '../../apiserver/components.ts';
import { writeMounted } from '../certificates.ts';
import { inPod, type RefitPod, secretFolder } from '../objects/refit-pod.ts';
import type { LabSite } from '../site.ts';
import type { ProcessSpec } from './process.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** `policy`: instead of the installation's. */
export function refit(site: LabSite, pod: RefitPod, kubeconfig: string, policy?: object): ProcessSpec {
  for (const [folder, files] of Object.entries(pod.configMaps)) {
    const isChanged = policy !== undefined && POLICY_KEY in files;
    writeMounted(inPod(site, folder), isChanged ? { ...files, [POLICY_KEY]: stringify(policy) } : files);
  }
  const { refit: port, external } = site.ports;
  const args = pod.args.map((arg) => arg.replace(/=(\/.*)$/, (_, file: string) => `=${inPod(site, file)}`));
  return {
    binary: process.execPath,
    args: [
      ...['--disable-warning=ExperimentalWarning', MAIN, ...args],
      ...['--host', '127.0.0.1', '--port', String(port), '--external-port', String(external)],
      ...['--kubeconfig', kubeconfig],
    ],
    isReady: () => {
      const ca = readFileSync(path.join(secretFolder(site, pod, SERVING_SECRET), 'ca.crt'));
      return answersOk({ host: '127.0.0.1', port, path: '/readyz', ca, timeout: 2000, agent: false });
    },
  };
}
