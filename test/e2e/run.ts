// `npm run test:e2e [-- --all | --flip] [--control-planes 1|3] [words]`: the stories, each group of them in a fresh cluster of
// real nodes, or in the one of $REFIT_E2E_FOLDER.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runMain } from '../helpers/run-main.ts';
import type { StoryResult } from '../helpers/story-results.ts';
import { tellStories, watchInterruption } from '../helpers/tell-stories.ts';
import { startCluster } from './cluster/start.ts';
import { type Choice, chosen, type Group, workersOf } from './groups.ts';
import { FOLDER_VARIABLE } from './kit/site.ts';
import { forgetMeasures, readMeasures } from './measure/figures.ts';
import { comparison } from './measure/goals.ts';

const fromRoot = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const CONFIG = fromRoot('test/e2e/jest.config.js');
const RESULTS = fromRoot('out/e2e-stories.json');

async function main(args: string[]): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('test:e2e needs root: it starts nodes with systemd-nspawn');
  const groups = chosen(choice(args));
  // In a cluster that is up stories are told one by one.
  if (process.env[FOLDER_VARIABLE] === undefined) forgetMeasures();
  const isInterrupted = watchInterruption();
  const results: StoryResult[] = [];
  for (const group of groups) {
    if (!isInterrupted()) results.push(...(await tellGroup(group, workersOf(groups, group), isInterrupted)));
  }
  mkdirSync(path.dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  for (const { name, seconds, ok } of results)
    say(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(0)} s)`);
  process.stdout.write(`${comparison(readMeasures())}figures are in out/e2e.json\n`);
  return !isInterrupted() && results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
}

function choice(args: string[]): Choice {
  const flag = { type: 'boolean', default: false } as const;
  const options = { all: flag, flip: flag, 'control-planes': { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const given = values['control-planes'];
  if (given !== undefined && !/^[13]$/.test(given))
    throw new Error(`--control-planes: got ${given}, expected 1 or 3`);
  return {
    ...{ all: values.all, flip: values.flip, words: positionals },
    ...(given === undefined ? {} : { controlPlanes: Number(given) }),
    isGrounded: process.env[FOLDER_VARIABLE] !== undefined,
  };
}

async function tellGroup(
  { name, controlPlanes, balancer, stories }: Group,
  workers: number,
  isInterrupted: () => boolean,
): Promise<StoryResult[]> {
  const given = process.env[FOLDER_VARIABLE];
  if (given) return tellEach(given, stories, isInterrupted);
  const folder = fromRoot(`out/e2e-${name}`);
  say(`group ${name}: control planes ${controlPlanes}, workers ${workers}`);
  const started = await startCluster({ controlPlanes, balancer, workers, folder, log: say });
  try {
    return await tellEach(folder, stories, isInterrupted);
  } finally {
    await started.removeAll();
  }
}

/** One after the other; none after one that the others stand on has failed. */
async function tellEach(
  folder: string,
  stories: Group['stories'],
  isInterrupted: () => boolean,
): Promise<StoryResult[]> {
  const results: StoryResult[] = [];
  for (const { name, isGround } of stories) {
    if (isInterrupted()) break;
    const story = ['--runTestsByPath', fromRoot(`test/e2e/stories/${name}.test.ts`)];
    const options = ['--config', CONFIG, '--runInBand', ...story];
    const own = await tellStories(name, options, { [FOLDER_VARIABLE]: folder });
    results.push(...own);
    if (isGround === true && own.some(({ ok }) => !ok)) break;
  }
  return results;
}

function say(line: string): void {
  process.stderr.write(`e2e: ${line}\n`);
}

await runMain(main);
