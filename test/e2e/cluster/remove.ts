// The end of a cluster, however it was left: whole, half started, or with its starter killed.
import { rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { stopBalancer } from './balancer.ts';
import { clusterLayout, readDescription } from './folder.ts';
import { removeCgroups, restoreSettings } from './kernel.ts';
import { removeNetwork } from './network.ts';
import { cgroupName, switchOff } from './node.ts';

/** Returns whether there was one. */
export async function removeCluster(folder: string): Promise<boolean> {
  const layout = clusterLayout(folder);
  const description = readDescription(layout);
  if (!description) return false;
  await Promise.all(description.nodes.map(({ name }) => switchOff(layout.node(name).root)));
  await stopBalancer(layout);
  await removeNetwork(description);
  for (const node of description.nodes) await removeCgroups(cgroupName(description, node));
  restoreSettings(description.kernel);
  const { kubeconfig, hookClient, balancer } = layout;
  // The description goes last: as long as it is there, somebody has to look.
  for (const one of [path.join(layout.root, 'nodes'), kubeconfig, hookClient, balancer, layout.description]) {
    rmSync(one, { recursive: true, force: true });
  }
  try {
    rmdirSync(layout.root);
  } catch {
    // Others keep something there.
  }
  return true;
}
