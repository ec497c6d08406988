// `npm run test:lab [-- jest arguments]`: the stories, in a lab of their own or in the one of $REFIT_LAB_FOLDER.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMain } from '../helpers/run-main.ts';
import { mergedResults, type StoryResult } from '../helpers/story-results.ts';
import { tellStories, watchInterruption } from '../helpers/tell-stories.ts';
import { connectLab, type LabClient } from './connect.ts';
import { shownPath } from './folder.ts';
import { readFigures, writeFigures } from './figures.ts';
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
      return await tellParts(lab, args);
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
async function tellParts(lab: LabClient, args: string[]): Promise<number> {
  const isInterrupted = watchInterruption();
  const results: StoryResult[] = [];
  for (const { stories, workers } of PARTS) {
    if (isInterrupted()) break;
    const chosen = ['--testMatch', `<rootDir>/test/lab/stories/${stories}`, '--passWithNoTests'];
    const options = ['--config', CONFIG, `--maxWorkers=${workers}`, ...args, ...chosen];
    results.push(...(await tellStories(stories, options, { REFIT_LAB_FOLDER: lab.folder })));
  }
  const known = args.length === 0 ? [] : (readFigures().stories ?? []);
  writeFigures({ stories: mergedResults(known, results) });
  if (results.length === 0) process.stderr.write(`no story was told: ${args.join(' ')}\n`);
  return !isInterrupted() && results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
}

await runMain(main);
