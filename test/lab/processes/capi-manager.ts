import path from 'node:path';
import { answersOk } from '../../apiserver/components.ts';
import { tool } from '../../tools/build.ts';
import type { Provider } from '../objects/providers.ts';
import type { LabSite } from '../site.ts';
import type { ProcessSpec } from './process.ts';

/** As its Deployment would run it, with webhooks, and without leader election. */
export async function capiManager(provider: Provider, site: LabSite): Promise<ProcessSpec> {
  const { webhooks, health, diagnostics } = site.ports.managers[provider.name];
  const client = site.hookClientFolder;
  return {
    binary: await tool(provider.name),
    args: [
      ...[`--kubeconfig=${site.layout.kubeconfig}`, '--leader-elect=false'],
      ...[`--webhook-port=${webhooks}`, `--webhook-cert-dir=${site.servingFolder}`],
      `--health-addr=127.0.0.1:${health}`,
      ...[`--diagnostics-address=127.0.0.1:${diagnostics}`, '--insecure-diagnostics=true'],
      `--feature-gates=${provider.featureGates.map((gate) => `${gate}=true`).join(',')}`,
      ...(provider.callsHooks
        ? [
            `--runtime-extension-client-cert-file=${path.join(client, 'tls.crt')}`,
            `--runtime-extension-client-key-file=${path.join(client, 'tls.key')}`,
          ]
        : []),
    ],
    // Where the in-memory machines say that they are.
    environment: { POD_IP: '127.0.0.1' },
    isReady: () =>
      answersOk({ protocol: 'http:', host: '127.0.0.1', port: health, path: '/readyz', timeout: 2000 }),
  };
}
