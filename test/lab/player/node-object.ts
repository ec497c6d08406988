// What kubelets write in a workload cluster: the in-memory API server has Nodes and static pods, but no kubelets.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { HostPlan } from '../../../src/api/host-plan.ts';
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import { oldest } from '../../../src/api/version.ts';
import { etcdVersion } from '../../../src/hook/embedded/node.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { MIRROR_ANNOTATION } from '../../../src/steps/api/evictable.ts';
import { nodeState } from '../../../src/steps/api/node.ts';
import { nodePath, podPath, podsPath } from '../../../src/steps/api/paths.ts';
import { imageVersion } from '../../../src/steps/api/static-pods.ts';
import { merge } from '../../helpers/object-store.ts';
import { amend } from './amend.ts';
import type { InMemoryServer } from './in-memory-server.ts';

const APPLIED_ANNOTATION = 'lab.capi-refit.io/applied';

const appliedSchema = z.strictObject({
  operation: z.string(),
  kubernetes: z.string(),
  /** Digest of the desired configuration. */
  desired: z.string(),
  /** How often the node was made into something else. */
  count: z.int(),
});

export type Applied = z.infer<typeof appliedSchema>;

const SYSTEM = 'kube-system';
const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'];

/** Its static pods come first: the mark of a furnished Node is its machine-id. */
export async function furnishedNode(server: InMemoryServer, name: string): Promise<JsonObject> {
  const node = await server.get(nodePath(name));
  if (isFurnished(node)) return node;
  await setStaticPods(server, name, nodeState(node).kubeletVersion);
  const nodeInfo = { machineID: `lab-${name}`, containerRuntimeVersion: 'containerd://2.1.4' };
  return amend(server, nodePath(name), (now) => {
    if (isFurnished(now)) return undefined;
    // The server itself gives nothing a UID.
    return { metadata: { uid: text(now, 'metadata', 'uid') ?? randomUUID() }, status: { nodeInfo } };
  });
}

function isFurnished(node: JsonObject): boolean {
  return text(node, 'status', 'nodeInfo', 'machineID') !== undefined;
}

/** Gives how many had another image. */
export async function setStaticPods(
  server: InMemoryServer,
  node: string,
  kubernetes: string,
): Promise<number> {
  const isRight = (pod: JsonObject): boolean =>
    text(list(pod, 'spec', 'containers')[0], 'image') === imageOf(componentOf(pod), kubernetes);
  const wrong = (await staticPods(server, node)).filter((pod) => !isRight(pod));
  for (const pod of wrong) {
    const path = podPath(SYSTEM, text(pod, 'metadata', 'name') ?? '');
    const decide = (now: JsonObject) => (isRight(now) ? undefined : staticPod(now, kubernetes));
    await amend(server, path, decide, (...request) => server.put(...request));
  }
  return wrong.length;
}

function staticPod(pod: JsonObject, kubernetes: string): JsonObject {
  const component = componentOf(pod);
  const image = imageOf(component, kubernetes);
  const [container] = list(pod, 'status', 'containerStatuses');
  const restartCount = container === undefined ? 0 : Number(at(container, 'restartCount')) + 1;
  const status = { name: component, image, imageID: image, ready: true, restartCount };
  const etcd = component === 'kube-apiserver' ? ['--etcd-servers=https://127.0.0.1:2379'] : [];
  return merge(pod, {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { annotations: { [MIRROR_ANNOTATION]: component } },
    spec: { containers: [{ name: component, image, command: [component, ...etcd] }] },
    status: { containerStatuses: [status] },
  }) as JsonObject;
}

function imageOf(component: string, kubernetes: string): string {
  const tag = component === 'etcd' ? `${etcdVersion(kubernetes)}-0` : kubernetes.replaceAll('+', '_');
  return `registry.k8s.io/${component}:${tag}`;
}

async function staticPods(server: InMemoryServer, node: string): Promise<JsonObject[]> {
  const pods = await server.get(podsPath(SYSTEM), { fieldSelector: `spec.nodeName=${node}` });
  return list(pods, 'items')
    .filter(isObject)
    .filter((pod) => COMPONENTS.includes(componentOf(pod)));
}

function componentOf(pod: JsonObject): string {
  return text(pod, 'metadata', 'labels', 'component') ?? '';
}

/** Whichever of them is behind the balancer: the oldest says most. */
export async function versionOfApiServers(server: InMemoryServer): Promise<string> {
  const pods = await server.get(podsPath(SYSTEM), { labelSelector: 'component=kube-apiserver' });
  const versions = list(pods, 'items')
    .filter(isObject)
    .map(async (pod) => {
      const name = text(pod, 'spec', 'nodeName') ?? '';
      return imageVersion(pod) ?? nodeState(await server.get(nodePath(name))).kubeletVersion;
    });
  return oldest(await Promise.all(versions)) ?? 'none';
}

export function appliedOn(node: JsonObject): Applied | undefined {
  const found = text(node, 'metadata', 'annotations', APPLIED_ANNOTATION);
  return found === undefined ? undefined : appliedSchema.parse(JSON.parse(found));
}

/** Does the Node, as it was left, differ from the plan? */
export function hasWork(node: JsonObject, { kubernetes, desiredSha256 }: HostPlan): boolean {
  return nodeState(node).kubeletVersion !== kubernetes || appliedOn(node)?.desired !== desiredSha256;
}

/** One write: whoever is killed has done all of it or nothing. False: it was so before. */
export async function apply(server: InMemoryServer, plan: HostPlan): Promise<boolean> {
  let changed = false;
  await amend(server, nodePath(plan.node.name), (node) => {
    changed = hasWork(node, plan);
    if (!changed) return undefined;
    const { operation, kubernetes, desiredSha256: desired } = plan;
    const applied: Applied = { operation, kubernetes, desired, count: (appliedOn(node)?.count ?? 0) + 1 };
    return {
      metadata: { annotations: { [APPLIED_ANNOTATION]: JSON.stringify(applied) } },
      status: { nodeInfo: { kubeletVersion: kubernetes } },
    };
  });
  return changed;
}
