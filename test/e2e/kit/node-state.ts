// A Node and its Machine as the API shows them.
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { nodePath, podsPath } from '../../../src/steps/api/paths.ts';
import { MIRROR_ANNOTATION } from '../../../src/steps/api/evictable.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { machine } from './operation.ts';
import type { Site } from './site.ts';

export interface NodeState {
  uid: string;
  kubeletVersion: string | undefined;
  ready: string | undefined;
  isCordoned: boolean;
  /** kubeadm's: component -> the tag of its image; none on workers. */
  staticPods: Record<string, string>;
}

export async function nodeState({ api }: Site, { name }: E2eNode): Promise<NodeState> {
  const node = await expectOk(api.get(nodePath(name)));
  const ready = list(node, 'status', 'conditions').find((one) => text(one, 'type') === 'Ready');
  const pods = list(await expectOk(api.get(podsPath('kube-system'))), 'items');
  const mirrors = pods.filter(
    (pod) =>
      text(pod, 'spec', 'nodeName') === name &&
      at(pod, 'metadata', 'annotations', MIRROR_ANNOTATION) !== undefined,
  );
  return {
    uid: text(node, 'metadata', 'uid') ?? '',
    kubeletVersion: text(node, 'status', 'nodeInfo', 'kubeletVersion'),
    ready: text(ready, 'status'),
    isCordoned: at(node, 'spec', 'unschedulable') === true,
    staticPods: Object.fromEntries(
      mirrors.flatMap((pod) => {
        const component = text(pod, 'metadata', 'labels', 'component');
        return component === undefined ? [] : [[component, tagOf(pod)]];
      }),
    ),
  };
}

/** Annotations that are there only while it lasts. */
const OF_AN_UPDATE = /skip-remediation|pre-drain|protected-since|update-in-progress|pending-hooks/;

/** Of the Machine: what the last operation left there. */
export async function operationSummary(site: Site, { name }: E2eNode): Promise<string> {
  const { operation, annotations } = await machine(site, name);
  const kept = Object.keys(annotations).filter((key) => OF_AN_UPDATE.test(key));
  const record = operation && `${operation.number} ${operation.state} to ${operation.to}`;
  return [record ?? 'no operation', ...kept].join(', ');
}

function tagOf(pod: ReturnType<typeof at>): string {
  const image = text(list(pod, 'spec', 'containers')[0], 'image') ?? '';
  return image.slice(image.lastIndexOf(':') + 1);
}
