// What the API shows of a control-plane node's static pods. Pure.
import type { JsonObject } from '../../api/json.ts';
import { at, list, text, texts } from '../../kubernetes/fields.ts';
import { MIRROR_ANNOTATION } from './evictable.ts';
import { conditionStatus } from './node.ts';

/** As kubeadm labels them. */
const COMPONENT_LABEL = 'component';
const VERSIONED = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const ETCD = 'etcd';

/** Each names got and expected; empty: all there, of the version, Ready. */
export function staticPodProblems(pods: readonly JsonObject[], kubernetes: string): string[] {
  const apiServer = componentPod(pods, 'kube-apiserver');
  const etcd = apiServer && usesLocalEtcd(apiServer) ? [ETCD] : [];
  return [...VERSIONED, ...etcd].flatMap((component) => {
    const pod = componentPod(pods, component);
    if (!pod) return [`static pod ${component}: not found`];
    const version = component === ETCD ? kubernetes : imageVersion(pod);
    return [
      ...(version === kubernetes
        ? []
        : [`${component}: got ${version ?? 'no version'}, expected ${kubernetes}`]),
      ...(conditionStatus(pod, 'Ready') === 'True' ? [] : [`${component}: got not Ready, expected Ready`]),
    ];
  });
}

/** Changes whenever a container of one of them starts anew. */
export function restarts(pods: readonly JsonObject[]): string {
  return [...VERSIONED, ETCD]
    .flatMap((component) => componentPod(pods, component) ?? [])
    .map((pod) => {
      const counts = list(pod, 'status', 'containerStatuses').map((status) =>
        Number(at(status, 'restartCount') ?? 0),
      );
      return `${text(pod, 'metadata', 'uid') ?? ''}:${counts.join(',')}`;
    })
    .join(' ');
}

/** The Kubernetes version in the tag of the pod's first image: kubeadm writes `_` where a tag cannot have `+`. */
export function imageVersion(pod: JsonObject): string | undefined {
  const [image = ''] = (text(list(pod, 'spec', 'containers')[0], 'image') ?? '').split('@');
  return /:([^:/]+)$/.exec(image)?.[1]?.replaceAll('_', '+');
}

function componentPod(pods: readonly JsonObject[], component: string): JsonObject | undefined {
  return pods.find(
    (pod) =>
      texts(pod, 'metadata', 'labels')[COMPONENT_LABEL] === component &&
      MIRROR_ANNOTATION in texts(pod, 'metadata', 'annotations'),
  );
}

/** With external etcd there is no etcd here. */
function usesLocalEtcd(apiServer: JsonObject): boolean {
  const container = list(apiServer, 'spec', 'containers')[0];
  const words = [...list(container, 'command'), ...list(container, 'args')];
  const servers = words.find((word) => typeof word === 'string' && word.startsWith('--etcd-servers='));
  return typeof servers === 'string' && /\/\/(127\.|localhost:|\[::1\])/.test(servers);
}
