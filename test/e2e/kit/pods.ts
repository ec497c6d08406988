// Pods that a story deletes, as a person or a node that goes away would.
import { NODE_NAMESPACE } from '../../../src/api/install.ts';
import { boundedName } from '../../../src/api/names.ts';
import type { StepName } from '../../../src/api/steps.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { podPath, podsPath } from '../../../src/steps/api/paths.ts';
import { jobPods } from '../../../src/steps/launcher/node-job.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { WORKFLOW_LABEL } from '../../helpers/argo-pod.ts';
import type { Site } from './site.ts';

interface Pod {
  name: string;
  uid: string;
}

/** Pods that are on a node and have not ended. */
export async function runningPods({ api }: Site, namespace: string, selector = ''): Promise<Pod[]> {
  const answer = await expectOk(api.get(`${podsPath(namespace)}?labelSelector=${selector}`));
  const running = list(answer, 'items').filter((pod) => text(pod, 'status', 'phase') === 'Running');
  return running.map((pod) => ({
    name: text(pod, 'metadata', 'name') ?? '',
    uid: text(pod, 'metadata', 'uid') ?? '',
  }));
}

/** Resolves with their names when they are gone. Errors: there are none. */
export async function deletePods(site: Site, namespace: string, selector = ''): Promise<string[]> {
  const pods = await runningPods(site, namespace, selector);
  const names = pods.map(({ name }) => name);
  if (names.length === 0)
    throw new Error(`pods of ${namespace} ${selector}: got none that runs, expected one`);
  for (const name of names) await site.api.delete(`${podPath(namespace, name)}?gracePeriodSeconds=0`);
  // Argo may make one anew under its old name at once.
  const isGone = async ({ name, uid }: Pod) => {
    const { status, body } = await site.api.get(podPath(namespace, name));
    return status === 404 || (status === 200 && text(body, 'metadata', 'uid') !== uid);
  };
  await eventually(
    `pods gone: ${names.join(', ')}`,
    async () => (await Promise.all(pods.map(isGone))).every(Boolean),
    60,
  );
  return names;
}

/** Of Argo, for all steps of this operation that run now. */
export function deleteStepPods(site: Site, operation: string): Promise<string[]> {
  return deletePods(site, site.namespace, `${WORKFLOW_LABEL}=${operation}`);
}

/** Resolves when that step is followed on its node: its pods start with those of other steps, some sooner than others. */
export function stepFollowed(site: Site, operation: string, step: StepName): Promise<void> {
  const selector = jobPods(boundedName(operation, `-${step}`));
  const isRunning = async () => (await runningPods(site, NODE_NAMESPACE, selector)).length > 0;
  return eventually(`a pod of the Job of step ${step} runs`, isRunning, 120);
}

/** Of the Jobs on nodes. */
export function deleteJobPods(site: Site): Promise<string[]> {
  return deletePods(site, NODE_NAMESPACE);
}
