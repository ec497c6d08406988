// The new API server does not know a feature gate that the old one takes: the flip is refused before anything is touched.
// Then it ends for a reason that nobody could see beforehand, again and again: the node goes back by itself.
import { expect } from '@jest/globals';
import type { E2eNode } from '../cluster/connect.ts';
import { expectRestored, expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { configured } from '../kit/configurations.ts';
import type { Desired } from '../kit/desired.ts';
import { endingAgain } from '../kit/ending-again.ts';
import { hostReports, timesOf } from '../kit/host-reports.ts';
import { lastReport } from '../kit/last-report.ts';
import { nodeFacts } from '../kit/node-facts.ts';
import { operation } from '../kit/operation.ts';
import { overridePolicy } from '../kit/policy.ts';
import { refitUpgrade } from '../kit/refit-upgrade.ts';
import { firstNode, type Site } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { beginUpdate } from '../kit/update.ts';
import { NEW } from '../kit/versions.ts';
import { type Own, watched } from '../kit/watched.ts';
import { writeMeasure } from '../measure/figures.ts';

/** API servers of 1.33 know it, those of 1.34 do not any more. */
const OLD_GATE = 'DevicePluginCDIDevices=true';
/** Both know these. */
const [OTHER_GATE, GATE] = ['APIServerTracing=true', 'APIServerIdentity=true'];

story('a flip to an API server that does not start is refused, or goes back', async (site) => {
  const node = firstNode(site, 'control-plane');
  await overridePolicy(site, { controlPlane: { method: 'flip' } });
  // What was there before is not known yet, so this looks like a hand edit, and kubeadm does it.
  await refitUpgrade(site, node, { bootstrap: await gated(site, node, OLD_GATE) }, 900);
  expect((await lastReport(site, node, 'kubeadm'))?.message).toContain('moved by kubeadm, not flipped');

  const before = await lookBefore(site, node);
  await refused(site, node);
  await expectRestored(site, node, before);
  expect(nodeFacts(node).controlPlane).toEqual(before.facts.controlPlane);

  await goesBack(site, node);
  await expectRestored(site, node, before);
  expect(nodeFacts(node).controlPlane).toEqual(before.facts.controlPlane);

  await refitUpgrade(site, node, { bootstrap: await gated(site, node, GATE) }, 900);
  await expectUpgraded(site, node, before, 4);
});

/** Its flags say it before anything is stopped. */
async function refused(site: Site, node: E2eNode): Promise<void> {
  const seen = await watched(site, node, () => failedUpgrade(site, node, { version: NEW }, 2));
  expect((await lastReport(site, node, 'kubeadm'))?.message).toMatch(
    /kube-apiserver v1\.34\S*: got unrecognized feature gate: DevicePluginCDIDevices/,
  );
  expectUnharmed(seen);
  expect(seen.figures).toMatchObject({
    apiOutageSeconds: 0,
    cordonedSeconds: 0,
    httpFailures: 0,
    podRestarts: 0,
  });
}

async function goesBack(site: Site, node: E2eNode): Promise<void> {
  const desired = { version: NEW, bootstrap: await gated(site, node, OTHER_GATE) };
  const ending = endingAgain(node, 'kube-apiserver');
  try {
    const seen = await watched(site, node, () => failedUpgrade(site, node, desired, 3));
    writeMeasure({ name: 'flip-back', ...seen.figures });
    expect((await lastReport(site, node, 'kubeadm'))?.message).toMatch(
      /kube-apiserver: got \d starts.*went back: v1\.33/,
    );
    expectUnharmed(seen, { isAlone: true });
    // Controllers that lead end by themselves when the API is away for longer than their lease, so restarts are not looked at.
    expect(seen.figures).toMatchObject({ cordonedSeconds: 0 });
  } finally {
    ending.close();
  }
}

async function failedUpgrade(
  site: Site,
  node: E2eNode,
  desired: Desired,
  operationNumber: number,
): Promise<Own> {
  const update = await beginUpdate(site, node.name, desired);
  try {
    const { at } = await update.says(new RegExp(`^operation ${operationNumber} failed`), 900);
    const reports = hostReports(node, (await operation(site, node.name))?.name ?? '');
    return { totalSeconds: (at - update.requestedAt) / 1000, ...timesOf(reports) };
  } finally {
    await update.close();
  }
}

function gated(site: Site, node: E2eNode, gate: string) {
  return configured(site, node.name, {
    kubeletArguments: {},
    apiServerArguments: { 'feature-gates': gate },
    files: {},
  });
}
