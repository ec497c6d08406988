// The power of the only control-plane node goes at points of a flip, one after the other: each time the node comes to an end by
// itself, the new one, or the old one as long as nothing has moved, and nothing is lost that was acknowledged.
import { expect } from '@jest/globals';
import { FLIP_CHANGE } from '../../../src/api/step-result.ts';
import { eventually } from '../../helpers/eventually.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { configured } from '../kit/configurations.ts';
import { FLIP_POINTS, type FlipPoint, flipsOf, reaches } from '../kit/flip-points.ts';
import { lastReport } from '../kit/last-report.ts';
import { commandLine, nodeFacts } from '../kit/node-facts.ts';
import { nodeState } from '../kit/node-state.ts';
import { overridePolicy } from '../kit/policy.ts';
import { firstNode, type Site } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { tryAgain } from '../kit/try-again.ts';
import { beginUpdate, isDone, type Update } from '../kit/update.ts';
import { watch } from '../measure/watch.ts';

const UNTIL_FLIP_SECONDS = 420;
const UNTIL_DONE_SECONDS = 900;

story('a flip that a power-off cuts ends by itself', async (site) => {
  const node = firstNode(site, 'control-plane');
  await overridePolicy(site, { controlPlane: { method: 'flip' } });
  const watching = await watch({ kubeconfigPath: site.cluster.kubeconfigPath, nodeName: node.name });
  try {
    for (const [index, point] of FLIP_POINTS.entries()) await cut(site, node, point, `${index + 4}h`);
  } finally {
    const { writes, lostWrites } = await watching.end();
    expect({ lostWrites, ok: writes.at(-1)?.ok }).toEqual({ lostWrites: 0, ok: true });
  }
});

/** Waits for either end. systemd may be cut off before the node, and a command of the flip fails by that. */
async function goesBack({ answers }: Update): Promise<boolean> {
  const hasFailed = () => answers.some(({ message }) => /^operation \d+ failed/.test(message));
  await eventually('the update ended', () => hasFailed() || isDone(answers), UNTIL_DONE_SECONDS);
  return hasFailed();
}

async function cut(site: Site, node: E2eNode, point: FlipPoint, eventTtl: string): Promise<void> {
  const flip = { argument: `--event-ttl=${eventTtl}`, before: flipsOf(node) };
  const before = nodeFacts(node);
  const apiServerArguments = { 'event-ttl': eventTtl };
  const bootstrap = await configured(site, node.name, {
    kubeletArguments: {},
    apiServerArguments,
    files: {},
  });
  const update = await beginUpdate(site, node.name, { bootstrap });
  try {
    await reaches(node, flip, point, UNTIL_FLIP_SECONDS);
    await node.reset();
    if (await goesBack(update)) {
      expect((await lastReport(site, node, 'kubeadm'))?.message).toContain('went back');
      expect(commandLine(node, 'kube-apiserver')).not.toContain(flip.argument);
      expect(nodeFacts(node)).toEqual(before);
      await tryAgain(site, node);
    }
    await update.done(UNTIL_DONE_SECONDS);
  } finally {
    await update.close();
  }
  const kubeadm = await lastReport(site, node, 'kubeadm');
  expect({ point: point.name, changes: kubeadm?.changes.map(({ what }) => what) }).toEqual({
    point: point.name,
    changes: expect.arrayContaining([FLIP_CHANGE]),
  });
  expect(commandLine(node, 'kube-apiserver')).toContain(flip.argument);
  expect(nodeFacts(node)).toEqual(before);
  expect(await nodeState(site, node)).toMatchObject({ ready: 'True', isCordoned: false });
}
