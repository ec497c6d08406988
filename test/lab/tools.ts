import { moduleFolder, tool } from '../tools/build.ts';
import { PROVIDERS } from './objects/providers.ts';

/** All that a lab runs: a first build takes many minutes, and is ours to interrupt. */
export async function buildLabTools(): Promise<void> {
  const controlPlane = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'];
  for (const name of [...controlPlane, ...PROVIDERS.map((one) => one.name), 'workflow-controller']) {
    await tool(name);
  }
  for (const { module } of PROVIDERS) await moduleFolder('capi', module);
  await moduleFolder('argo');
}
