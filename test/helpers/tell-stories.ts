// Stories are tests of Jest that take minutes, in surroundings that outlive Jest.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '../../src/api/json.ts';
import { runJest } from './run-jest.ts';
import { type StoryResult, storyResults } from './story-results.ts';

/** `which`: for people, if Jest ends without results. */
export async function tellStories(
  which: string,
  jestArguments: string[],
  environment: Record<string, string>,
): Promise<StoryResult[]> {
  const temporary = mkdtempSync(path.join(tmpdir(), 'refit-stories-'));
  try {
    const report = path.join(temporary, 'results.json');
    await runJest([...jestArguments, '--json', '--outputFile', report], environment);
    return readResults(report) ?? [{ name: `${which}: Jest ended without results`, seconds: 0, ok: false }];
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** From now on a signal ends Jest (run-jest.ts), and this process goes on to put away what it started. */
export function watchInterruption(): () => boolean {
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (isInterrupted = true));
  }
  return () => isInterrupted;
}

function readResults(file: string): StoryResult[] | undefined {
  try {
    return storyResults(JSON.parse(readFileSync(file, 'utf8')) as JsonObject);
  } catch {
    return undefined;
  }
}
