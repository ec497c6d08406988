import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ALERT_RULES } from '../../src/charts/alert-rules.ts';
import { documentedTexts, isDocumented, section } from './documented.ts';
import { refusalsIn } from './refusals.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUNBOOK = readFileSync(`${ROOT}docs/runbook.md`, 'utf8');

/** Where it is decided whether something is refused, or waits for a person. */
const DECIDING = [
  'src/plan/*.ts',
  'src/hook/handlers/*.ts',
  'src/hook/failure-policy.ts',
  'src/hook/operations.ts',
  'src/api/version.ts',
];

describe('the runbook', () => {
  it.each(ALERT_RULES.map(({ alert }) => [alert]))('says of %s what it means, and what to do', (alert) => {
    const text = section(RUNBOOK, alert);
    expect(text).toContain('**Means:**');
    if (alert !== 'RefitNodeBeingUpdated') expect(text).toContain('**Do:**');
  });

  it('speaks of no alert that there is not', () => {
    const headings = [...RUNBOOK.matchAll(/^### (Refit\w+)$/gm)].map(([, name]) => name);
    expect(headings.sort()).toEqual(ALERT_RULES.map(({ alert }) => alert).sort());
  });

  const documented = documentedTexts(RUNBOOK);
  const files = globSync(DECIDING, { cwd: ROOT }).sort();

  it.each(files.map((file) => [file]))('has every refusal of %s', (file) => {
    const refusals = refusalsIn(readFileSync(ROOT + file, 'utf8'), file);
    expect(refusals.filter((text) => !isDocumented(text, documented))).toEqual([]);
  });

  it('has enough of them: what finds them works', () => {
    const all = files.flatMap((file) => refusalsIn(readFileSync(ROOT + file, 'utf8'), file));
    expect(all.length).toBeGreaterThan(50);
    expect(all).toContain('users are not changed in place');
    expect(all).toContain('skips a minor version: … to …');
    expect(isDocumented('a reason that is new', documented)).toBe(false);
  });
});
