// `npm run test:e2e [-- --all] [-- words]`: the stories, each group of them in a fresh cluster of real nodes, or in the
// one of $REFIT_E2E_FOLDER.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/api/json.ts';
import { runJest } from '../helpers/run-jest.ts';
import { runMain } from '../helpers/run-main.ts';
import { type StoryResult, storyResults } from '../lab/story-results.ts';
import { startCluster } from './cluster/start.ts';
import { chosen, type Group, workersOf } from './groups.ts';
import { FOLDER_VARIABLE } from './kit/site.ts';
import { readMeasures } from './measure/figures.ts';
import { comparison } from './measure/goals.ts';

const fromRoot = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const CONFIG = fromRoot('test/e2e/jest.config.js');
const RESULTS = fromRoot('out/e2e-stories.json');

let isInterrupted = false;

async function main(args: string[]): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('test:e2e needs root: it starts nodes with systemd-nspawn');
  const groups = chosen({
    all: args.includes('--all'),
    words: args.filter((argument) => !argument.startsWith('-')),
    isGrounded: process.env[FOLDER_VARIABLE] !== undefined,
  });
  // Jest gets them (run-jest.ts); we go on to the end of the cluster.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => (isInterrupted = true));
  const results: StoryResult[] = [];
  for (const group of groups) {
    if (!isInterrupted) results.push(...(await tellGroup(group, workersOf(groups, group))));
  }
  mkdirSync(path.dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  for (const { name, seconds, ok } of results)
    say(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(0)} s)`);
  process.stdout.write(`${comparison(readMeasures())}figures are in out/e2e.json\n`);
  return !isInterrupted && results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
}

async function tellGroup({ name, controlPlanes, stories }: Group, workers: number): Promise<StoryResult[]> {
  const given = process.env[FOLDER_VARIABLE];
  if (given) return tellStories(given, stories);
  const folder = fromRoot(`out/e2e-${name}`);
  say(`group ${name}: control planes ${controlPlanes}, workers ${workers}`);
  const started = await startCluster({ controlPlanes, workers, folder, log: say });
  try {
    return await tellStories(folder, stories);
  } finally {
    await started.removeAll();
  }
}

/** One after the other; none after one that the others stand on has failed. */
async function tellStories(folder: string, stories: Group['stories']): Promise<StoryResult[]> {
  const results: StoryResult[] = [];
  for (const { name, isGround } of stories) {
    if (isInterrupted) break;
    const own = await tellStory(folder, name);
    results.push(...own);
    if (isGround === true && own.some(({ ok }) => !ok)) break;
  }
  return results;
}

async function tellStory(folder: string, name: string): Promise<StoryResult[]> {
  const temporary = mkdtempSync(path.join(tmpdir(), 'refit-e2e-'));
  try {
    const report = path.join(temporary, 'results.json');
    const options = ['--config', CONFIG, '--runInBand', '--json', '--outputFile', report];
    const story = ['--runTestsByPath', fromRoot(`test/e2e/stories/${name}.test.ts`)];
    await runJest([...options, ...story], { [FOLDER_VARIABLE]: folder });
    return readResults(report, name);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function readResults(file: string, name: string): StoryResult[] {
  try {
    return storyResults(JSON.parse(readFileSync(file, 'utf8')) as JsonObject);
  } catch {
    return [{ name: `${name}: Jest ended without results`, seconds: 0, ok: false }];
  }
}

function say(line: string): void {
  process.stderr.write(`e2e: ${line}\n`);
}

await runMain(main);
