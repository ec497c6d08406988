// Where the Workflow of a Machine is, from the Workflow itself: its condition on the Machine comes later, or not at all
// when somebody is away.
import { STEP_NAMES, type StepName } from '../../../src/api/steps.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { ARGO, WORKFLOW_LABEL } from '../../helpers/argo-pod.ts';
import type { Site } from './site.ts';
import { items, type Machine, workflows } from './state.ts';

type Named = Pick<Machine, 'uid'>;

/** Is a node at that step, as far as Argo knows? Steps behind it run too: their pods are there before their turn. */
export function isAt(step: StepName, running: readonly string[]): boolean {
  const before: readonly string[] = STEP_NAMES.slice(0, STEP_NAMES.indexOf(step));
  return running.includes(step) && !running.some((name) => before.includes(name));
}

export async function isMachineAt(site: Site, step: StepName, { uid }: Named): Promise<boolean> {
  const found = await workflows(site);
  return found.some(({ machineUid, running }) => machineUid === uid && isAt(step, running));
}

/** Phase of the step's pod of a Workflow, whether Argo has seen it or not; the last one of several. */
export async function podPhase(site: Site, step: StepName, workflow: string): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${site.namespace}/pods?labelSelector=${WORKFLOW_LABEL}=${workflow}`;
  const pods = await items(site, path);
  const pod = pods.findLast((one) =>
    text(one, 'metadata', 'annotations', `${ARGO}/node-name`)?.startsWith(`${workflow}.${step}`),
  );
  return text(pod, 'status', 'phase');
}
