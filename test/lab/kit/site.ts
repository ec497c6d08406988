// A namespace of the lab for one file of stories, and what they reach it by.
import type { KubeConfig } from '@kubernetes/client-node';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { CLUSTERS, CONFIG_MAPS } from '../../../src/hook/kubernetes/resources.ts';
import { type Api, apiOf, expectOk, kubeConfigOf } from '../../apiserver/api.ts';
import { connectLab, type LabClient } from '../connect.ts';
import { STORY_NAMESPACES } from '../namespaces.ts';
import { SCRIPT_CONFIG_MAP } from '../player/script.ts';

export interface Site {
  lab: LabClient;
  kubeConfig: KubeConfig;
  api: Api;
  namespace: string;
  /** Deletes its Clusters, without waiting for their end, so that the lab is not loaded for ever. */
  leave(): Promise<void>;
}

/**
 * Whoever creates this ConfigMap has the namespace. Its keys: `story` is who; `left` says that it may be taken over once
 * no Cluster is there any more.
 */
export const CLAIM = 'taken';

/** `story` is the name of the file. Errors: there is no lab, or all its namespaces are in use. */
export async function takeSite(story: string): Promise<Site> {
  const folder = process.env['REFIT_LAB_FOLDER'];
  if (!folder) throw new Error('REFIT_LAB_FOLDER: got nothing, expected the folder of a running lab');
  const lab = await connectLab(folder);
  const kubeConfig = kubeConfigOf(lab.kubeconfigPath);
  const api = apiOf(kubeConfig);
  for (const namespace of STORY_NAMESPACES) {
    if (!(await claim(api, namespace, story))) continue;
    return { lab, kubeConfig, api, namespace, leave: () => leave(api, namespace) };
  }
  throw new Error(`namespaces ${STORY_NAMESPACES.join(', ')} of the lab: all are in use`);
}

/** At most one of several that ask at the same time gets it. */
async function claim(api: Api, namespace: string, story: string): Promise<boolean> {
  const mine = { metadata: { name: CLAIM }, data: { story } };
  const { status } = await api.create(CONFIG_MAPS.path(namespace), mine);
  if (status === 201) return true;
  const { body } = await api.get(CONFIG_MAPS.path(namespace, CLAIM));
  if (text(body, 'data', 'left') === undefined || !(await isEmpty(api, namespace))) return false;
  const metadata = { name: CLAIM, resourceVersion: text(body, 'metadata', 'resourceVersion') };
  return (await api.put(CONFIG_MAPS.path(namespace, CLAIM), { ...mine, metadata })).status === 200;
}

async function isEmpty(api: Api, namespace: string): Promise<boolean> {
  return list(await expectOk(api.get(CLUSTERS.path(namespace))), 'items').length === 0;
}

async function leave(api: Api, namespace: string): Promise<void> {
  await api.delete(CONFIG_MAPS.path(namespace, SCRIPT_CONFIG_MAP)); // steps that are held go on
  for (const cluster of list(await expectOk(api.get(CLUSTERS.path(namespace))), 'items')) {
    const path = CLUSTERS.path(namespace, text(cluster, 'metadata', 'name'));
    await api.patch(path, { spec: { paused: null } }); // would stay for ever
    await api.delete(path);
  }
  await expectOk(api.patch(CONFIG_MAPS.path(namespace, CLAIM), { data: { left: 'true' } }));
}
