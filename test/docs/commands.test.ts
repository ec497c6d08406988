import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { createProgram } from '../../src/cli/run.ts';
import { MACHINE_STATES } from '../../src/cli/status/types.ts';
import { fakeIo } from '../helpers/io.ts';
import { problemOf, shownCommands } from './commands.ts';
import { documentedIn, section } from './documented.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(ROOT + file, 'utf8');
const PAGES = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: ROOT })].sort();
const OPERATOR = ['status', 'upgrade', 'retry', 'rollback', 'doctor'];
const program = createProgram(fakeIo(), () => undefined);

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('shows only commands and flags of refit that there are', () => {
    const problems = shownCommands(text).map((shown) => [shown, problemOf(shown, program)]);
    expect(problems.filter(([, problem]) => problem !== undefined)).toEqual([]);
  });

  it('names only scripts and manifests that there are', () => {
    const scripts = [...text.matchAll(/npm (?:run )?(?:-s )?(?:run )?([a-z][\w:]+)/g)].map(
      ([, name]) => name ?? '',
    );
    const own = Object.keys(packageJson.scripts);
    expect(scripts.filter((name) => !['ci', 'run', 'packages', 'registry', ...own].includes(name))).toEqual(
      [],
    );
    const manifests = [...text.matchAll(/dist\/[a-z-]+\.k8s\.yaml/g)].map(([file]) => file);
    expect(manifests.filter((file) => !existsSync(ROOT + file))).toEqual([]);
  });

  it('has YAML that can be read', () => {
    const blocks = [...text.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, yaml = '']) => yaml);
    const errors = blocks.flatMap((yaml) => parseAllDocuments(yaml).flatMap((document) => document.errors));
    expect(errors).toEqual([]);
  });
});

describe('docs/cli.md', () => {
  const text = read('docs/cli.md');

  it('has a section, and a line in the overview, for each command of those who run clusters', () => {
    for (const name of OPERATOR) {
      expect(section(text, name)).not.toBe('');
      expect(text).toMatch(new RegExp(`^ {4}refit ${name} `, 'm'));
    }
  });

  it.each(OPERATOR)('tells every flag of %s', (name) => {
    const common = ['--kubeconfig', '--context', '--namespace'];
    const flags = program.commands.find((command) => command.name() === name)?.options ?? [];
    const told = flags
      .filter(({ long }) => !common.includes(long ?? ''))
      .map(({ short, long }) => [short, long]);
    const missing = told.filter(
      (forms) => !forms.some((form) => form !== undefined && isTold(text, name, form)),
    );
    expect(missing).toEqual([]);
  });

  it('explains every state, and no other', () => {
    expect(documentedIn(section(text, 'status')).sort()).toEqual([...MACHINE_STATES].sort());
  });
});

/** In its line of the overview, or in its section. */
function isTold(text: string, name: string, flag: string): boolean {
  const [line = ''] = new RegExp(`^ {4}refit ${name} .*$`, 'm').exec(text) ?? [];
  return new RegExp(`(?<![\\w-])${flag}(?![\\w-])`).test(`${line}\n${section(text, name)}`);
}

describe('what finds wrong commands', () => {
  it.each([
    ['`refit bogus`', 'no command bogus'],
    ['`refit status --all`', 'status has no --all'],
    ['    refit doctor edge', 'doctor takes 0 arguments'],
    ['    kubectl refit upgrade edge --version v1 # why', 'upgrade has no --version'],
    ['    npx node bundle/refit.js image refit \\\n      --tag x', 'refit has no --tag'],
  ])('finds %j', (markdown, problem) => {
    expect(shownCommands(markdown).map((shown) => problemOf(shown, program))).toEqual([problem]);
  });

  it.each([
    ['`refit status -w -n lab edge`'],
    ['`refit retry a b c`'],
    ['    refit rollback MACHINE [--yes]   say what'],
  ])('lets %j pass', (markdown) => {
    expect(shownCommands(markdown).map((shown) => problemOf(shown, program))).toEqual([undefined]);
  });
});
