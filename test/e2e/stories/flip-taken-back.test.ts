// A flip that ended well is taken back on its node by a person's word, etcd's data too. Argo lives in this very cluster, so it
// is refused first. Nothing can follow in this cluster: its Workflows and Machines are those of the moment of the flip.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { text } from '../../../src/kubernetes/fields.ts';
import { PROGRAM_COMMAND } from '../../../src/steps/host/folders.ts';
import { REVISION_BUMP } from '../../../src/steps/node/flip/snapshot-tool.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { nodeFacts } from '../kit/node-facts.ts';
import { operation } from '../kit/operation.ts';
import { overridePolicy } from '../kit/policy.ts';
import { refitUpgrade } from '../kit/refit-upgrade.ts';
import { firstNode } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { NEW, OLD } from '../kit/versions.ts';
import { restarts, restartsSince } from '../kit/workload.ts';
import { seenFigures, writeMeasure } from '../measure/figures.ts';
import { watch } from '../measure/watch.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const AFTERWARDS_SECONDS = 20;

story('a flip is taken back by the word of a person', async (site) => {
  const { api, cluster } = site;
  const node = firstNode(site, 'control-plane');
  await overridePolicy(site, { controlPlane: { method: 'flip' } });
  await refitUpgrade(site, node, { version: NEW }, 900);
  expect(nodeFacts(node).controlPlane).toMatchObject({ 'kube-apiserver': NEW });
  const name = (await operation(site, node.name))?.name ?? '';
  const rollback = (dataLoss: string) =>
    node.run([PROGRAM_COMMAND, 'host', 'rollback', `--operation=${name}`, `--data-loss=${dataLoss}`]);
  await expectOk(api.create(MAPS, { metadata: { name: 'since-the-flip' } }));

  const look = rollback('look');
  expect(look).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/lost would be: .*only by force: .*Argo/s),
  });
  expect(rollback('accept')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/Argo Workflows lives/),
  });
  expect(nodeFacts(node).controlPlane).toMatchObject({ 'kube-apiserver': NEW });

  const before = await restarts(site);
  const watching = await watch({ kubeconfigPath: cluster.kubeconfigPath, nodeName: node.name });
  const begun = performance.now();
  const back = rollback('force');
  const totalSeconds = (performance.now() - begun) / 1000;
  await sleep(AFTERWARDS_SECONDS * 1000);
  writeMeasure({
    ...{ name: 'flip-taken-back', totalSeconds, hostSeconds: totalSeconds, flipSeconds: totalSeconds },
    ...seenFigures(await watching.end()),
    ...{ podRestarts: restartsSince(before, await restarts(site)), steps: {} },
  });
  expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining('control plane: back at v1.33') });
  const { kubelet, runningKubelet, controlPlane } = nodeFacts(node);
  expect({ kubelet, runningKubelet }).toEqual({ kubelet: OLD, runningKubelet: OLD });
  expect(controlPlane).toMatchObject({ 'kube-apiserver': OLD, etcd: expect.stringMatching(/^v?3\.5\./) });
  await eventually(
    'what came since is gone',
    async () => (await api.get(`${MAPS}/since-the-flip`)).status === 404,
  );
  const made = await expectOk(api.create(MAPS, { metadata: { name: 'since-the-way-back' } }));
  expect(Number(text(made, 'metadata', 'resourceVersion'))).toBeGreaterThan(REVISION_BUMP);
});
