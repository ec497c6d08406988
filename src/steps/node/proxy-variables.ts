// kubeadm writes the proxy variables of its own environment into the manifests of the control plane. Whoever ran it first had
// set them there; without them it would take them out.
import type { Host } from '../host/host.ts';
import { readStaticPod } from './static-pods.ts';

/** As kubeadm tells them from others. */
const PROXY_VARIABLE = /_proxy$/i;

/** Those that the API server of this node has; none on workers. They may hold passwords. Errors: StatusError Failed. */
export async function proxyVariables(host: Host): Promise<Record<string, string>> {
  const { environment = {} } = (await readStaticPod(host, 'kube-apiserver')) ?? {};
  return Object.fromEntries(Object.entries(environment).filter(([name]) => PROXY_VARIABLE.test(name)));
}
