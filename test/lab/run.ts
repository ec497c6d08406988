// `npm run test:lab [-- jest arguments]`: the stories, in a lab of their own or in the one of $REFIT_LAB_FOLDER.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/api/json.ts';
import { runJest } from '../helpers/run-jest.ts';
import { runMain } from '../helpers/run-main.ts';
import { connectLab, type LabClient } from './connect.ts';
import { shownPath } from './folder.ts';
import { readFigures, writeFigures } from './figures.ts';
import { mergedResults, type StoryResult, storyResults } from './story-results.ts';
import { launchLab } from './supervisor/launch.ts';
import { buildLabTools } from './tools.ts';

const CONFIG = fileURLToPath(new URL('jest.config.js', import.meta.url));
const LOGS = fileURLToPath(new URL('../../out/lab-stories', import.meta.url));

const PARTS = [
  { stories: '*.test.ts', workers: 8 },
  // They kill what is everybody's, or want a machine that is not busy: one after the other has its turn (kit/turn.ts).
  { stories: 'alone/*.test.ts', workers: 8 },
];

async function main(args: string[]): Promise<number> {
  const temporary = mkdtempSync(path.join(tmpdir(), 'refit-lab-'));
  const given = process.env['REFIT_LAB_FOLDER'];
  try {
    const lab = given ? await connectLab(given) : await ownLab(path.join(temporary, 'lab'));
    try {
      return await tellStories(lab, args, path.join(temporary, 'results.json'));
    } finally {
      if (!given) await lab.stop();
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** It ends with this process, however that ends. */
async function ownLab(folder: string): Promise<LabClient> {
  await buildLabTools();
  const record = process.env['REFIT_LAB_RECORD'];
  const log = (line: string) => void process.stderr.write(`lab: ${line}\n`);
  log(`logs are in ${shownPath(LOGS)}`);
  return launchLab({ folder, logs: LOGS, ...(record ? { record } : {}), stays: false, log });
}

/** Returns the exit code: 0 if stories were told, and all went well. */
async function tellStories(lab: LabClient, args: string[], resultsFile: string): Promise<number> {
  let isInterrupted = false;
  // Jest gets them (run-jest.ts); we go on to the end of the lab.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (isInterrupted = true));
  }
  const results: StoryResult[] = [];
  for (const { stories, workers } of PARTS) {
    if (isInterrupted) break;
    const chosen = ['--testMatch', `<rootDir>/test/lab/stories/${stories}`, '--passWithNoTests'];
    const report = ['--json', '--outputFile', resultsFile];
    const options = ['--config', CONFIG, `--maxWorkers=${workers}`, ...report];
    await runJest([...options, ...args, ...chosen], { REFIT_LAB_FOLDER: lab.folder });
    results.push(...readResults(resultsFile));
  }
  const known = args.length === 0 ? [] : (readFigures().stories ?? []);
  writeFigures({ stories: mergedResults(known, results) });
  if (results.length === 0) process.stderr.write(`no story was told: ${args.join(' ')}\n`);
  return !isInterrupted && results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
}

/** Nothing: Jest ended before it had results. */
function readResults(file: string): StoryResult[] {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch {
    return [{ name: 'Jest ended without results', seconds: 0, ok: false }];
  }
  rmSync(file);
  return storyResults(JSON.parse(content) as JsonObject);
}

await runMain(main);
