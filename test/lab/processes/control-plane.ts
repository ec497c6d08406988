// etcd, kube-apiserver and the two controllers of kube-controller-manager that nothing here works without.
import path from 'node:path';
import * as components from '../../apiserver/components.ts';
import { tool } from '../../tools/build.ts';
import type { LabSite } from '../site.ts';
import type { ProcessSpec } from './process.ts';

export async function etcd({ settings }: LabSite): Promise<ProcessSpec> {
  return {
    binary: await tool('etcd'),
    args: components.etcdArguments(settings),
    isReady: () => components.isEtcdReady(settings),
  };
}

export async function apiServer({ settings }: LabSite): Promise<ProcessSpec> {
  return {
    binary: await tool('kube-apiserver'),
    args: components.apiServerArguments(settings),
    isReady: () => components.isApiServerReady(settings),
  };
}

/** No other controllers: nothing schedules, runs or replaces pods here, and no ServiceAccount appears by itself. */
export async function controllerManager(site: LabSite): Promise<ProcessSpec> {
  const port = site.ports.controllerManager;
  return {
    binary: await tool('kube-controller-manager'),
    args: [
      ...['--kubeconfig', site.layout.kubeconfig, '--leader-elect=false', '--profiling=false'],
      '--controllers=garbage-collector-controller,namespace-controller',
      ...['--bind-address', '127.0.0.1', '--secure-port', String(port)],
      ...['--tls-cert-file', path.join(site.servingFolder, 'tls.crt')],
      ...['--tls-private-key-file', path.join(site.servingFolder, 'tls.key')],
    ],
    isReady: () =>
      components.answersOk({
        ...{ host: '127.0.0.1', port, path: '/healthz', ca: site.servingCa, timeout: 2000, agent: false },
      }),
  };
}
