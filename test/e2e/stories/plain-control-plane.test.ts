// The same upgrade by the documented commands of kubeadm: what Refit is measured against.
import { expect } from '@jest/globals';
import { nodeFacts } from '../kit/node-facts.ts';
import { plainUpgrade } from '../kit/plain-script.ts';
import { firstNode } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { NEW } from '../kit/versions.ts';
import { watched } from '../kit/watched.ts';
import { writeMeasure } from '../measure/figures.ts';

story('control-plane upgraded by a plain script', async (site) => {
  const node = firstNode(site, 'control-plane');
  const { figures } = await watched(site, node, () => plainUpgrade(site, node));
  writeMeasure({ name: 'plain-control-plane', ...figures });
  expect(nodeFacts(node)).toMatchObject({ kubelet: NEW, runningKubelet: NEW, kubeadm: NEW });
});
