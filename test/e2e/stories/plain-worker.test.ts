// The same upgrade by the documented commands of kubeadm: what Refit is measured against.
import { expect } from '@jest/globals';
import { nextWorker } from '../kit/next-worker.ts';
import { nodeFacts } from '../kit/node-facts.ts';
import { plainUpgrade } from '../kit/plain-script.ts';
import { story } from '../kit/story.ts';
import { NEW } from '../kit/versions.ts';
import { watched } from '../kit/watched.ts';
import { writeMeasure } from '../measure/figures.ts';

story('worker upgraded by a plain script', async (site) => {
  const node = await nextWorker(site);
  const { figures } = await watched(site, node, () => plainUpgrade(site, node));
  writeMeasure({ name: 'plain-worker', ...figures });
  expect(nodeFacts(node)).toMatchObject({ kubelet: NEW, runningKubelet: NEW, kubeadm: NEW });
});
