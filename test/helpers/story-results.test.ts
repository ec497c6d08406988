import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/api/json.ts';
import { mergedResults, storyResults } from './story-results.ts';

const file = (name: string, ...assertionResults: JsonObject[]): JsonObject => ({
  name: `/refit/test/lab/stories/${name}.test.ts`,
  assertionResults,
});
const test = (fullName: string, status: string, duration: number | null = 1500): JsonObject => ({
  ...{ fullName, status, duration },
});

describe('results of stories', () => {
  it('have the name of their file, and those that did not run are none', () => {
    const jest = {
      testResults: [
        file('workers', test('two at once', 'passed'), test('others', 'pending', null)),
        file('paused', test('waits', 'failed')),
      ],
    };
    expect(storyResults(jest)).toEqual([
      { name: 'workers: two at once', seconds: 1.5, ok: true },
      { name: 'paused: waits', seconds: 1.5, ok: false },
    ]);
  });

  it('tell of a file that could not be loaded', () => {
    expect(storyResults({ testResults: [file('broken')] })).toEqual([
      { name: 'broken', seconds: 0, ok: false },
    ]);
  });

  it('replace those of earlier runs by name', () => {
    const story = (name: string, ok: boolean) => ({ name, ok, seconds: 1 });
    expect(mergedResults([story('b', false), story('a', true)], [story('b', true)])).toEqual([
      story('a', true),
      story('b', true),
    ]);
  });
});
