// The new API server does not know a flag that the old one takes: it ends at once, again and again. The node goes back by
// itself, and is flipped when the flag is gone.
import { expect } from '@jest/globals';
import type { E2eNode } from '../cluster/connect.ts';
import { expectRestored, expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { configured } from '../kit/configurations.ts';
import { flipResults, hostReports, spanSeconds } from '../kit/host-reports.ts';
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
/** Both know it. */
const GATE = 'APIServerTracing=true';

story('a flip to an API server that does not start goes back', async (site) => {
  const node = firstNode(site, 'control-plane');
  await overridePolicy(site, { controlPlane: { method: 'flip' } });
  // What was there before is not known yet, so this looks like a hand edit, and kubeadm does it.
  await refitUpgrade(site, node, { bootstrap: await gated(site, node, OLD_GATE) }, 900);
  expect(await stepMessage(site, node, 'kubeadm')).toContain('moved by kubeadm, not flipped');

  const before = await lookBefore(site, node);
  const seen = await watched(site, node, () => failedUpgrade(site, node));
  writeMeasure({ name: 'flip-back', ...seen.figures });
  expect(await stepMessage(site, node, 'kubeadm')).toMatch(
    /kube-apiserver: got \d starts.*went back: v1\.33/,
  );
  await expectRestored(site, node, before);
  expect(nodeFacts(node).controlPlane).toEqual(before.facts.controlPlane);
  expectUnharmed(seen);
  // Controllers that lead end by themselves when the API is away for longer than their lease, so restarts are not looked at.
  expect(seen.figures).toMatchObject({ cordonedSeconds: 0, httpFailures: 0 });

  await refitUpgrade(site, node, { bootstrap: await gated(site, node, GATE) }, 900);
  await expectUpgraded(site, node, before, 3);
});

async function failedUpgrade(site: Site, node: E2eNode): Promise<Own> {
  const update = await beginUpdate(site, node.name, { version: NEW });
  try {
    const { at } = await update.says(/^operation 2 failed/, 900);
    const reports = hostReports(node, (await operation(site, node.name))?.name ?? '');
    return {
      totalSeconds: (at - update.requestedAt) / 1000,
      hostSeconds: spanSeconds(reports),
      flipSeconds: spanSeconds(flipResults(reports)),
      steps: Object.fromEntries(reports.map(({ step, durationSeconds }) => [step, durationSeconds])),
    };
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

/** Of the last operation, as the node keeps it. */
async function stepMessage(site: Site, node: E2eNode, step: string): Promise<string> {
  const last = await operation(site, node.name);
  return hostReports(node, last?.name ?? '').find((one) => one.step === step)?.message ?? `no step ${step}`;
}
