// The process behind watch.ts: looks until it is told to end, then hands over what it saw.
import { readFileSync } from 'node:fs';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { at } from '../../../src/kubernetes/fields.ts';
import { nodePath } from '../../../src/steps/api/paths.ts';
import { apiOf, expectOk, kubeConfigOf } from '../../apiserver/api.ts';
import type { Sample } from './gaps.ts';
import type { Observations, Watched } from './watch.ts';
import { createWriter } from './writer.ts';

const EVERY_MS = 200;
/** Objects are asked for less often, since the answers are large. */
const NODE_EVERY_MS = 500;
const ANSWER_MS = 1000;
/** Nodes and machine are busy then, and the web server is no part of what is upgraded. */
const WEB_ANSWER_MS = 3000;

const watched = JSON.parse(process.argv[2] ?? '{}') as Watched;
const kubeConfig = kubeConfigOf(watched.kubeconfigPath);
const api = apiOf(kubeConfig);
const seen: Observations = {
  api: [],
  http: [],
  writes: [],
  lostWrites: 0,
  cordoned: [],
  counter: [],
  budget: [],
};
const writer = createWriter(api, inTime, watched.nodeName);
let isOver = false;

/** One look after the other, begun at most so often. */
async function again(everyMs: number, look: () => Promise<void>): Promise<void> {
  while (!isOver) {
    const begin = performance.now();
    await look();
    await sleep(Math.max(0, everyMs - (performance.now() - begin)));
  }
}

async function probe(into: Sample[], isUp: () => Promise<boolean>): Promise<void> {
  const begin = Date.now();
  into.push({ at: begin, ok: await isUp().catch(() => false) });
}

/** On a connection of its own: one that is kept would tell of its own end only. */
async function isReady(): Promise<boolean> {
  const options: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  const url = new URL('/readyz', kubeConfig.getCurrentCluster()?.server);
  return isOk((done) => request(url, { ...options, ...fresh(ANSWER_MS) }, done));
}

function isServed(url: string): Promise<boolean> {
  return isOk((done) => get(url, fresh(WEB_ANSWER_MS), done));
}

function fresh(withinMs: number) {
  return { agent: false, signal: AbortSignal.timeout(withinMs) } as const;
}

function isOk(send: (done: (response: IncomingMessage) => void) => ClientRequest): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const sent = send((response) => {
      response.resume().on('error', reject);
      response.on('end', () => resolve(response.statusCode === 200));
    });
    sent.on('error', reject).end();
  });
}

async function lookAtNode(): Promise<void> {
  const begin = Date.now();
  const node = await inTime(expectOk(api.get(nodePath(watched.nodeName)))).catch(() => undefined);
  if (node) seen.cordoned.push({ at: begin, value: at(node, 'spec', 'unschedulable') === true });
}

async function lookAtBudget(path: string): Promise<void> {
  const begin = Date.now();
  const budget = await inTime(expectOk(api.get(path))).catch(() => undefined);
  const count = (key: string) => Number(at(budget, 'status', key));
  if (budget) seen.budget.push({ at: begin, value: count('currentHealthy') - count('desiredHealthy') });
}

function inTime<T>(answer: Promise<T>): Promise<T> {
  return Promise.race([answer, sleep(ANSWER_MS).then(() => Promise.reject(new Error('no answer in time')))]);
}

/** Absent at first; half written never, since it is replaced by a rename. */
async function lookAtCounter(file: string): Promise<void> {
  try {
    seen.counter.push({ at: Date.now(), value: Number(readFileSync(file, 'utf8')) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

process.once('disconnect', () => process.exit(1));
process.once('message', () => (isOver = true));
process.send?.('looking');
const { httpUrl, counterFile, budgetPath } = watched;
await Promise.all([
  again(EVERY_MS, () => probe(seen.api, isReady)),
  again(EVERY_MS, () => probe(seen.writes, () => writer.write().then(() => true))),
  again(NODE_EVERY_MS, lookAtNode),
  ...(httpUrl ? [again(EVERY_MS, () => probe(seen.http, () => isServed(httpUrl)))] : []),
  ...(budgetPath ? [again(NODE_EVERY_MS, () => lookAtBudget(budgetPath))] : []),
  ...(counterFile ? [again(EVERY_MS, () => lookAtCounter(counterFile))] : []),
]);
seen.lostWrites = writer.lost();
process.send?.(seen, () => process.exit(0));
