import { execFileSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import {
  isUpToDate,
  machinePatches,
  patched,
  type MachineSituation,
} from '../../src/api/external-desired.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { controlPlaneCases } from '../helpers/control-plane-cases.ts';
import { tool } from '../tools/build.ts';

const CASES = 5000;

interface Answer {
  upToDate: boolean;
  reasons: string[] | null;
}

it('takes control-plane Machines for up to date when Cluster API does, and what is patched always is', async () => {
  const judge = await tool('capi-judge');
  const cases = controlPlaneCases(CASES, 7);
  const now = answers(
    judge,
    cases.map(({ owner, now }) => question(owner, now)),
  );
  const then = answers(
    judge,
    cases.map(({ owner, ask, now }) => question(owner, patched(now, machinePatches(ask, now)))),
  );
  const differing = cases.filter(
    ({ ask, now: machine }, index) => isUpToDate(ask, machine) !== now[index]?.upToDate,
  );
  expect(differing).toEqual([]);
  expect(then.filter(({ upToDate }) => !upToDate)).toEqual([]);
  // Both happen: the cases are worth something.
  const share = now.filter(({ upToDate }) => upToDate).length / CASES;
  expect(share).toBeGreaterThan(0.1);
  expect(share).toBeLessThan(0.9);
});

function question(owner: JsonObject, { machine, bootstrapConfig }: MachineSituation): string {
  return JSON.stringify({ owner, machine, bootstrapConfig });
}

function answers(judge: string, questions: readonly string[]): Answer[] {
  const output = execFileSync(judge, {
    input: `${questions.join('\n')}\n`,
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}
