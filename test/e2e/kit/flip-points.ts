// Points of a flip that can be seen from outside its node while they pass.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { manifestFile } from '../../../src/steps/node/static-pods.ts';
import type { E2eNode } from '../cluster/connect.ts';

export interface FlipPoint {
  name: string;
  /** It has come so far. */
  isReached: (node: E2eNode, flip: SeenFlip) => boolean | Promise<boolean>;
}

/** What is known of a flip before it begins. */
export interface SeenFlip {
  /** Only in the new manifest of the API server. */
  argument: string;
  /** Flips of operations before it. */
  before: ReadonlySet<string>;
}

/** In the order in which they pass. */
export const FLIP_POINTS: readonly FlipPoint[] = [
  { name: 'it has begun', isReached: () => true },
  { name: 'the old API server is gone', isReached: async (node) => !(await isListening(node, 6443)) },
  { name: 'the old etcd is gone', isReached: async (node) => !(await isListening(node, 2379)) },
  { name: 'its manifest is the new one', isReached: hasNewManifest },
  { name: 'everything is new', isReached: (node, flip) => newRecord(node, flip, 'flipped') },
  {
    name: 'the new etcd answers',
    isReached: async (node, flip) => newRecord(node, flip, 'flipped') && (await isListening(node, 2379)),
  },
];

const POLL_MS = 2;

/** Resolves as soon as it is there. Errors: it was not in time. */
export async function reaches(
  node: E2eNode,
  flip: SeenFlip,
  { name, isReached }: FlipPoint,
  seconds: number,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const hasBegun = () => newRecord(node, flip, 'intent') || newRecord(node, flip, 'flipped');
  while (!hasBegun() || !(await isReached(node, flip))) {
    if (performance.now() > end) throw new Error(`flip of ${node.name}: ${name}: not so after ${seconds} s`);
    await sleep(POLL_MS);
  }
}

/** Operations that flipped. */
export function flipsOf({ root }: E2eNode): Set<string> {
  return new Set(
    globSync('var/lib/refit/*/flip/{intent,flipped}.json', { cwd: root }).map((file) => path.dirname(file)),
  );
}

function newRecord({ root }: E2eNode, { before }: SeenFlip, record: string): boolean {
  const found = globSync(`var/lib/refit/*/flip/${record}.json`, { cwd: root });
  return found.some((file) => !before.has(path.dirname(file)));
}

function hasNewManifest({ root }: E2eNode, { argument }: SeenFlip): boolean {
  const file = path.join(root, manifestFile('kube-apiserver'));
  return existsSync(file) && readFileSync(file, 'utf8').includes(argument);
}

function isListening({ address: host }: E2eNode, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const is = (listens: boolean) => (socket.destroy(), resolve(listens));
    socket
      .on('connect', () => is(true))
      .on('error', () => is(false))
      .on('timeout', () => is(false));
  });
}
