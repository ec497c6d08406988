// On a single node, which runs Argo and Refit, too: a change of its configuration without one of its version.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@jest/globals';
import { lookBefore } from '../kit/before-and-after.ts';
import { configured } from '../kit/configurations.ts';
import { commandLine } from '../kit/node-facts.ts';
import { nodeState, operationSummary } from '../kit/node-state.ts';
import { refitUpgrade } from '../kit/refit-upgrade.ts';
import { firstNode } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { OLD } from '../kit/versions.ts';
import { watched } from '../kit/watched.ts';

const FILE = '/etc/kubernetes/site.conf';

story('arguments and a file reach a node that keeps its version', async (site) => {
  const node = firstNode(site, 'control-plane');
  const before = await lookBefore(site, node);
  const bootstrap = await configured(site, node.name, {
    kubeletArguments: { 'max-pods': '97' },
    apiServerArguments: { 'event-ttl': '2h' },
    files: { [FILE]: 'of the site\n' },
  });
  const seen = await watched(site, node, () => refitUpgrade(site, node, { bootstrap }, 1200));
  expectUnharmed(seen, { isAlone: true });
  expect(seen.figures.cordonedSeconds).toBe(0);
  expect(commandLine(node, 'kubelet')).toContain('--max-pods=97');
  expect(commandLine(node, 'kube-apiserver')).toContain('--event-ttl=2h');
  expect(readFileSync(path.join(node.root, FILE), 'utf8')).toBe('of the site\n');
  const after = await lookBefore(site, node);
  expect({ facts: after.facts, state: after.state }).toEqual({ facts: before.facts, state: before.state });
  expect(await nodeState(site, node)).toMatchObject({
    kubeletVersion: OLD,
    ready: 'True',
    isCordoned: false,
  });
  expect(await operationSummary(site, node)).toBe(`1 succeeded to ${OLD}`);
});
