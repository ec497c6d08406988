// How each process of a lab is started.
import path from 'node:path';
import { apiOf, kubeConfigOf } from '../../apiserver/api.ts';
import { applyTo } from '../../apiserver/apply.ts';
import { argoConfigMap } from '../objects/argo.ts';
import { type Provider, PROVIDERS } from '../objects/providers.ts';
import type { RefitPod } from '../objects/refit-pod.ts';
import type { LabSite } from '../site.ts';
import { argo } from './argo.ts';
import { capiManager } from './capi-manager.ts';
import * as controlPlane from './control-plane.ts';
import type { Specs } from './crew.ts';
import type { ArgoSettings } from './names.ts';
import { player } from './player.ts';
import { recorder } from './recorder.ts';
import type { ProcessSpec } from './process.ts';
import { refit } from './refit.ts';

/** For one ServiceAccount. */
export function accountKubeconfig({ layout }: LabSite, account: 'argo' | 'refit'): string {
  return path.join(layout.data, `${account}.kubeconfig`);
}

export interface SpecsInput {
  site: LabSite;
  pod: RefitPod;
  argo: ArgoSettings;
  /** Folder for what Cluster API sends. */
  record: string | undefined;
}

export function processSpecs({ site, pod, argo: settings, record }: SpecsInput): Specs {
  const admin = site.layout.kubeconfig;
  const managers = Object.fromEntries(
    PROVIDERS.map((provider) => [provider.name, () => capiManager(provider, site)] as const),
  ) as Record<Provider['name'], () => Promise<ProcessSpec>>;
  return {
    etcd: () => controlPlane.etcd(site),
    'kube-apiserver': () => controlPlane.apiServer(site),
    'kube-controller-manager': () => controlPlane.controllerManager(site),
    ...managers,
    async 'capi-infrastructure'() {
      await site.infrastructurePort.release();
      return managers['capi-infrastructure']();
    },
    async argo({ argo: changed = settings }) {
      await applyTo(apiOf(kubeConfigOf(admin)))([argoConfigMap(changed)]);
      return argo(accountKubeconfig(site, 'argo'), changed);
    },
    refit: async ({ policy }) => refit(site, pod, accountKubeconfig(site, 'refit'), policy),
    player: async () => player(admin),
    recorder: async () => recorder(site, pod, record ?? ''),
  };
}
