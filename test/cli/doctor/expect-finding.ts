import { expect } from '@jest/globals';
import { diagnose } from '../../../src/cli/doctor/diagnose.ts';
import type { DoctorFacts } from '../../../src/cli/doctor/facts.ts';
import type { Level } from '../../../src/cli/doctor/finding.ts';
import { facts } from './samples.ts';

/** What is the case, how the facts differ then, and what is found. */
export type FindingRow = [
  name: string,
  changed: Partial<DoctorFacts>,
  level: Level,
  check: string,
  message: RegExp,
];

export function expectFinding(
  changed: Partial<DoctorFacts>,
  { level, check, message }: { level: Level; check: string; message: RegExp },
): void {
  const found = diagnose(facts(changed)).filter(
    (finding) => finding.level === level && finding.check === check,
  );
  expect(found.map((finding) => finding.message)).toContainEqual(expect.stringMatching(message));
  for (const { remedy } of found) expect(remedy).toBeTruthy();
}

export function expectAllWell(changed: Partial<DoctorFacts>): void {
  expect(diagnose(facts(changed)).filter(({ level }) => level !== 'ok')).toEqual([]);
}
