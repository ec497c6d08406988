// A pod of one node that a PodDisruptionBudget never lets go.
import { eventually } from '../../helpers/eventually.ts';
import { applyTo } from '../../apiserver/apply.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { runningPods } from './pods.ts';
import type { Site } from './site.ts';
import { workloadImage } from './workload.ts';

/** In namespace `default`; Deployment and budget have that name. Resolves when it runs. */
export async function stubborn(site: Site, name: string, node: E2eNode): Promise<void> {
  const labels = { app: name };
  const metadata = { namespace: 'default', name };
  const image = await workloadImage();
  const container = { name, image, imagePullPolicy: 'IfNotPresent', args: ['serve', '--port', '8080'] };
  const spec = {
    containers: [container],
    nodeSelector: { 'kubernetes.io/hostname': node.name },
    terminationGracePeriodSeconds: 2,
  };
  await applyTo(site.api)([
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata },
      spec: { maxUnavailable: 0, selector: { matchLabels: labels } },
    },
  ]);
  await eventually(
    `a pod of ${name} runs`,
    async () => (await runningPods(site, 'default', `app=${name}`)).length === 1,
    60,
  );
}
