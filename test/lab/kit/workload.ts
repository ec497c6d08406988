// The API of a declared Cluster itself, which its in-memory machines serve.
import { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../../../src/api/json.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { nodePath } from '../../../src/steps/api/paths.ts';
import { type Api, apiOf, expectOk } from '../../apiserver/api.ts';
import { type Applied, appliedOn } from '../player/node-object.ts';
import { API, pathOf } from './objects.ts';
import type { Site } from './site.ts';
import type { Machine } from './state.ts';

export async function workloadApi(site: Site, cluster: string): Promise<Api> {
  const path = pathOf(site, { apiVersion: API.core, kind: 'Secret' }, `${cluster}-kubeconfig`);
  const value = text(await expectOk(site.api.get(path)), 'data', 'value') ?? '';
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(Buffer.from(value, 'base64').toString());
  return apiOf(kubeConfig);
}

/** Nodes in memory have the names of their Machines. */
export async function nodeOf(
  site: Site,
  cluster: string,
  { name }: Pick<Machine, 'name'>,
): Promise<JsonObject> {
  const api = await workloadApi(site, cluster);
  return expectOk(api.get(nodePath(name)));
}

/** Undefined: nothing was ever applied to the node. */
export async function appliedTo(
  site: Site,
  cluster: string,
  machine: Pick<Machine, 'name'>,
): Promise<Applied | undefined> {
  return appliedOn(await nodeOf(site, cluster, machine));
}

/** As its kubelet would report it. */
export async function setNodeReady(
  site: Site,
  cluster: string,
  machine: Pick<Machine, 'name'>,
  ready: boolean,
): Promise<void> {
  const node = await nodeOf(site, cluster, machine);
  const others = list(node, 'status', 'conditions').filter((one) => text(one, 'type') !== 'Ready');
  const condition = {
    ...{
      type: 'Ready',
      status: ready ? 'True' : 'False',
      reason: ready ? 'KubeletReady' : 'KubeletNotReady',
    },
    lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
  };
  const api = await workloadApi(site, cluster);
  await expectOk(api.patch(nodePath(machine.name), { status: { conditions: [...others, condition] } }));
}
