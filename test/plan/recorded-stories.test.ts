// What real Cluster API asked in the stories of the lab, and what Refit makes of it: a golden file for each story.
import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { UpdateMachineRequest } from '../../src/api/hooks.ts';
import { decideCanUpdate, planUpdate } from '../../src/plan/decide.ts';
import { expectGolden, GOLDEN_FOLDER, toYaml } from '../helpers/golden.ts';
import { stillDifferent } from '../helpers/json-patch.ts';
import {
  canUpdate,
  isOfLab,
  NO_FACTS,
  policyOf,
  recorded,
  recordings,
  updateMachine,
} from '../helpers/requests.ts';

const stories = Map.groupBy(recordings().filter(isOfLab), (recording) => path.dirname(recording));

describe('stories', () => {
  for (const [story, requests] of stories) {
    it(`${story}`, () => {
      const answers = requests.map((recording) => [path.basename(recording, '.json'), answerTo(recording)]);
      expectGolden(`recorded/${story}.yaml`, toYaml(Object.fromEntries(answers)));
    });
  }

  it('have a golden file each, and there is no other', () => {
    const folder = path.join(GOLDEN_FOLDER, 'recorded');
    const files = existsSync(folder) ? readdirSync(folder) : [];
    expect(files.sort()).toEqual([...stories.keys()].map((story) => `${story}.yaml`).sort());
  });
});

function answerTo(recording: string): object {
  return recording.includes('-updatemachine-') ? plan(recording) : decision(recording);
}

function decision(recording: string): object {
  const request = canUpdate(recorded(recording));
  const { decision, differences, patches, steps } = decideCanUpdate(request, policyOf(), NO_FACTS);
  if (decision === 'accept') expect(stillDifferent(request, patches)).toEqual([]);
  return {
    decision,
    differences: differences.map(({ object, path: at, verdict }) => `${object} ${at} ${verdict}`),
    steps: names(steps),
  };
}

function plan(recording: string): object {
  const request: UpdateMachineRequest = updateMachine(recorded(recording));
  const { role, kubernetes, steps } = planUpdate(request, policyOf(), NO_FACTS);
  return { role, kubernetes, steps: names(steps) };
}

function names(steps: readonly { name: string }[]): string {
  return steps.map(({ name }) => name).join(' ');
}
