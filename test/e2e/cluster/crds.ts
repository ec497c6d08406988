// Custom resources of Argo and Cluster API: all that the tests against an API server have, and what stands for a node.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { Api } from '../../apiserver/api.ts';
import { applyCrds, installCrds } from '../../apiserver/crds.ts';
import { manifestJson } from '../../apiserver/manifest-cache.ts';
import { configFolder, PROVIDERS } from '../../lab/objects/providers.ts';

const [GROUP, PLURAL] = ['infrastructure.cluster.x-k8s.io', 'devmachines'];

/** Resolves when they are served. Errors: which one was refused, and why. */
export async function installCustomResources(api: Api, kubeconfig: string): Promise<void> {
  await installCrds(kubeconfig);
  const provider = PROVIDERS.find(({ name }) => name === 'capi-infrastructure');
  if (!provider) throw new Error('PROVIDERS: got no capi-infrastructure, expected one');
  const file = path.join(await configFolder(provider), 'crd', 'bases', `${GROUP}_${PLURAL}.yaml`);
  const read = async () => parse(await readFile(file, 'utf8')) as unknown;
  await applyCrds(api, [{ group: GROUP, plural: PLURAL, content: await manifestJson(file, read) }]);
}
