// Waits until a cluster does what was asked of it.
import type { JsonValue } from '../../../src/api/json.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { NODES } from '../../../src/steps/api/paths.ts';
import { type Api, expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';

const SECONDS = 240;

/** Errors: how many are not. */
export function nodesReady(api: Api, count: number): Promise<void> {
  return allReady(api, `${count} Nodes`, NODES, count);
}

/** Errors: how many are not. */
export function apiServersReady(api: Api, count: number): Promise<void> {
  const pods = '/api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-apiserver';
  return allReady(api, `${count} API servers`, pods, count);
}

async function allReady(api: Api, what: string, path: string, count: number): Promise<void> {
  await eventually(
    `${what} Ready`,
    async () => {
      const found = list(await expectOk(api.get(path)), 'items');
      const ready = found.filter(isReady).length;
      return ready === count || `${ready} of ${found.length} are`;
    },
    SECONDS,
  );
}

function isReady(object: JsonValue): boolean {
  const ready = list(object, 'status', 'conditions').find((one) => text(one, 'type') === 'Ready');
  return text(ready, 'status') === 'True';
}

/** `<namespace>/<name>`. Errors: what keeps its pods. */
export async function deploymentAvailable(api: Api, deployment: string): Promise<void> {
  const [namespace, name] = deployment.split('/');
  await eventually(
    `Deployment ${deployment} available`,
    async () => {
      const found = await expectOk(api.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`));
      const [wanted, available] = [at(found, 'spec', 'replicas'), at(found, 'status', 'availableReplicas')];
      if (wanted === available) return true;
      const pods = await expectOk(api.get(`/api/v1/namespaces/${namespace}/pods`));
      return `${Number(available ?? 0)} of ${Number(wanted)}; ${reasons(list(pods, 'items'))}`;
    },
    SECONDS,
  );
}

function reasons(pods: readonly JsonValue[]): string {
  const lines = pods.flatMap((pod) => {
    const waiting = list(pod, 'status', 'containerStatuses').map((one) => at(one, 'state', 'waiting'));
    const unschedulable = list(pod, 'status', 'conditions').filter((one) => text(one, 'status') === 'False');
    return [...waiting, ...unschedulable].flatMap((one) =>
      text(one, 'message') ? `${text(pod, 'metadata', 'name')}: ${text(one, 'message')}` : [],
    );
  });
  return [...new Set(lines)].join('; ') || 'no reason known';
}
