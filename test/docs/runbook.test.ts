import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ALERT_RULES } from '../../src/charts/alert-rules.ts';
import { documentedIn, documentedTexts, isDocumented, section } from './documented.ts';
import { refusalsIn } from './refusals.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(ROOT + file, 'utf8');
const RUNBOOK = read('docs/runbook.md');

/** Where it is decided whether something is refused, or waits for a person. */
const DECIDING = [
  'src/plan/*.ts',
  'src/hook/handlers/*.ts',
  'src/hook/failure-policy.ts',
  'src/hook/operations.ts',
  'src/hook/external/access.ts',
  'src/api/external-desired.ts',
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
    const refusals = refusalsIn(read(file), file);
    expect(refusals.filter((text) => !isDocumented(text, documented))).toEqual([]);
  });

  it.each(['admission', 'edit-guard'])('has every refusal of an edit (%s)', (name) => {
    const file = `src/hook/external/${name}.ts`;
    const refusals = refusalsIn(read(file), file, ['message']);
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.filter((text) => !isDocumented(text, documented))).toEqual([]);
  });

  const onNode = documentedIn(section(read('docs/node-steps.md'), 'What preflight refuses'));

  it.each(
    globSync('src/steps/node/*.ts', { cwd: ROOT })
      .sort()
      .map((file) => [file]),
  )('is followed by what preflight refuses in %s', (file) => {
    const refusals = refusalsIn(read(file), file, ['refusal']);
    expect(refusals.filter((text) => !isDocumented(text, onNode))).toEqual([]);
  });

  it('has enough of them: what finds them works', () => {
    const all = files.flatMap((file) => refusalsIn(read(file), file));
    expect(all.length).toBeGreaterThan(50);
    expect(all).toContain('users are not changed in place');
    expect(all).toContain('skips a minor version: … to …');
    expect(isDocumented('a reason that is new', documented)).toBe(false);
  });
});
