// The only node of a cluster, on which Argo and Refit run, too, and which people tuned by hand, is upgraded; and then
// configured anew.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@jest/globals';
import { expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { configured } from '../kit/configurations.ts';
import { operationFolder } from '../kit/host-reports.ts';
import { commandLine, refitBytes } from '../kit/node-facts.ts';
import { operation } from '../kit/operation.ts';
import { refitUpgrade } from '../kit/refit-upgrade.ts';
import { firstNode } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { AS_TUNED, EDITED, KUBELET_CONFIGURATION, tune, tuned } from '../kit/tuning.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { NEW } from '../kit/versions.ts';
import { watched } from '../kit/watched.ts';

/** Program, release, old files and backups of three operations (docs/node-steps.md, disk use). */
const MOST_BYTES = 3 * 1024 ** 3;

story('a single node that people tuned is upgraded, and stays tuned', async (site) => {
  const node = firstNode(site, 'control-plane');
  const number = ((await operation(site, node.name))?.record.number ?? 0) + 1;
  await tune(node);
  expect(tuned(node)).toEqual(AS_TUNED);
  const before = await lookBefore(site, node);
  const seen = await watched(site, node, () => refitUpgrade(site, node, { version: NEW }, 1500));
  await expectUpgraded(site, node, before, number);
  expectUnharmed(seen, { isAlone: true });
  expect(tuned(node)).toEqual(AS_TUNED);
  // What kubeadm writes anew was named before.
  if (!readFileSync(path.join(node.root, KUBELET_CONFIGURATION), 'utf8').includes(EDITED)) {
    const last = await operation(site, node.name);
    const log = path.join(operationFolder(node, last?.name ?? ''), 'preflight.log');
    expect(readFileSync(log, 'utf8')).toContain(`note: ${KUBELET_CONFIGURATION}: changed`);
  }
});

story('a change of configuration after it needs little more room', async (site) => {
  const node = firstNode(site, 'control-plane');
  const bootstrap = await configured(site, node.name, {
    kubeletArguments: { 'max-pods': '98' },
    apiServerArguments: { 'event-ttl': '3h' },
    files: {},
  });
  await refitUpgrade(site, node, { bootstrap }, 1200);
  expect(commandLine(node, 'kubelet')).toContain('--max-pods=98');
  expect(commandLine(node, 'kube-apiserver')).toContain('--event-ttl=3h');
  expect(tuned(node)).toEqual(AS_TUNED);
  expect(refitBytes(node)).toBeLessThan(MOST_BYTES);
});
