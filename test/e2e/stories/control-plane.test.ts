// The only control-plane node goes to the next minor version, etcd with it, and nothing of what runs is lost.
import { expect } from '@jest/globals';
import { CERTIFICATES_EXPIRY_ANNOTATION } from '../../../src/api/labels.ts';
import { texts } from '../../../src/kubernetes/fields.ts';
import { lastReport } from '../kit/last-report.ts';
import { workflowNames } from '../kit/operation.ts';
import { certificates } from '../kit/node-facts.ts';
import { expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { readMachineObjects } from '../kit/objects.ts';
import { overridePolicy } from '../kit/policy.ts';
import { refitUpgrade } from '../kit/refit-upgrade.ts';
import { firstNode } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { repeatRequest } from '../kit/update.ts';
import { NEW } from '../kit/versions.ts';
import { watched } from '../kit/watched.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { writeMeasure } from '../measure/figures.ts';

story('control plane upgraded in place', async (site) => {
  const node = firstNode(site, 'control-plane');
  // Compared with the script of kubeadm's commands; flips have stories of their own.
  await overridePolicy(site, { controlPlane: { method: 'kubeadm' } });
  const before = await lookBefore(site, node);
  const seen = await watched(site, node, () => refitUpgrade(site, node, { version: NEW }, 1500));
  writeMeasure({ name: 'refit-control-plane', ...seen.figures });
  await expectUpgraded(site, node, before, 1);
  expectUnharmed(seen);
  // Not while kubeadm restarts the static pods, which takes most of the time.
  const kubeadm = await lastReport(site, node, 'kubeadm');
  const kubeadmEnd = Date.parse(kubeadm?.startedAt ?? '') + (kubeadm?.durationSeconds ?? 0) * 1000;
  expect(seen.observations.cordoned.find(({ value }) => value)?.at).toBeGreaterThan(kubeadmEnd);
  const { bootstrapConfig } = await readMachineObjects(site, node.name);
  expect(texts(bootstrapConfig, 'metadata', 'annotations')).not.toHaveProperty([
    CERTIFICATES_EXPIRY_ANNOTATION,
  ]);
  for (const [file, serial] of Object.entries(certificates(node))) {
    expect({ file, isNew: serial !== before.certificates[file] }).toEqual({ file, isNew: true });
  }
});

story('the same request again changes nothing', async (site) => {
  const node = firstNode(site, 'control-plane');
  const before = { files: await lookBefore(site, node), workflows: await workflowNames(site) };
  const update = await repeatRequest(site, node.name);
  try {
    const { message } = await update.done(60);
    expect(message).toBe('operation 1: done');
    expect(update.answers).toHaveLength(1);
  } finally {
    await update.close();
  }
  expect({ files: await lookBefore(site, node), workflows: await workflowNames(site) }).toEqual(before);
});
