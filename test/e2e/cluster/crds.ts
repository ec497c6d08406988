// Custom resources of Argo and Cluster API: all that the lab of the API server has, and those that only nodes need.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { Api } from '../../apiserver/api.ts';
import { applyCrds, type Crd, installCrds } from '../../apiserver/crds.ts';
import { manifestJson } from '../../apiserver/manifest-cache.ts';
import { configFolder, PROVIDERS } from '../../lab/objects/providers.ts';

/** Provider -> files, `<group>_<plural>`. */
const FURTHER: Readonly<Record<string, string>> = {
  'capi-control-plane': 'controlplane.cluster.x-k8s.io_kubeadmcontrolplanes',
  'capi-infrastructure': 'infrastructure.cluster.x-k8s.io_devmachines',
};

/** Resolves when they are served. Errors: which one was refused, and why. */
export async function installCustomResources(api: Api, kubeconfig: string): Promise<void> {
  await installCrds(kubeconfig);
  const further = PROVIDERS.filter(({ name }) => name in FURTHER);
  const crds = await Promise.all(
    further.map(async (provider): Promise<Crd> => {
      const name = FURTHER[provider.name] ?? '';
      const [group = '', plural = ''] = name.split('_');
      const file = path.join(await configFolder(provider), 'crd', 'bases', `${name}.yaml`);
      const read = async () => parse(await readFile(file, 'utf8')) as unknown;
      return { group, plural, content: await manifestJson(file, read) };
    }),
  );
  await applyCrds(api, crds);
}
