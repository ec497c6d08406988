// What Jest says of stories, as figures.
import type { JsonObject } from '../../src/api/json.ts';
import { at, list, text } from '../../src/kubernetes/fields.ts';

export interface StoryResult {
  name: string;
  seconds: number;
  ok: boolean;
}

/** From the JSON of `jest --json`: those that ran, by file and name; a file that could not be loaded is one that failed. */
export function storyResults(jest: JsonObject): StoryResult[] {
  return list(jest, 'testResults').flatMap((file) => {
    const story = /([^/]+)\.test\.ts$/.exec(text(file, 'name') ?? '')?.[1] ?? '';
    const tests = list(file, 'assertionResults');
    const ran = tests.filter((test) => ['passed', 'failed'].includes(text(test, 'status') ?? ''));
    if (tests.length === 0) return [{ name: story, seconds: 0, ok: false }];
    return ran.map((test) => ({
      name: `${story}: ${text(test, 'fullName')}`,
      seconds: Number(at(test, 'duration') ?? 0) / 1000,
      ok: text(test, 'status') === 'passed',
    }));
  });
}

/** `known`: what out/lab.json says of earlier runs, of which only some stories were run again. */
export function mergedResults(known: readonly StoryResult[], results: readonly StoryResult[]): StoryResult[] {
  const again = new Set(results.map(({ name }) => name));
  const kept = known.filter(({ name }) => !again.has(name));
  return [...kept, ...results].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}
