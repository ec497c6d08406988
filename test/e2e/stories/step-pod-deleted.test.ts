// In the middle of `kubeadm upgrade node` all pods that wait for the node are deleted: Argo's and those of the Jobs there.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@jest/globals';
import { disturbedUpdate, KUBEADM } from '../kit/disturbed.ts';
import { operationFolder } from '../kit/host-reports.ts';
import { deleteJobPods, deleteStepPods, stepFollowed } from '../kit/pods.ts';
import { story } from '../kit/story.ts';

story('a step whose pods are deleted goes on, and is done once', async (site) => {
  const { node, operation } = await disturbedUpdate(site, KUBEADM, async (middle) => {
    await stepFollowed(site, middle.operation, 'kubeadm');
    await deleteStepPods(site, middle.operation);
    await deleteJobPods(site);
  });
  const log = readFileSync(path.join(operationFolder(node, operation), 'kubeadm.log'), 'utf8');
  expect(log.match(/^kubeadm upgrade node: done in /gm)).toHaveLength(1);
});
