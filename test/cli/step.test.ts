import { describe, expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { EXIT } from '../../src/api/commands.ts';
import { createProgram, run } from '../../src/cli/run.ts';
import { fakeIo } from '../helpers/io.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What Argo puts in place of its tags. */
const VALUES: Record<string, string> = { 'timeout-seconds': '600', 'deadline-seconds': '1800' };

interface Container {
  command?: string[];
  args?: string[];
}

describe('every container argument that we generate', () => {
  const containers = [...containersIn('test/golden/**/*.yaml'), ...containersIn('dist/*.yaml')];

  it('is found', () => {
    expect(containers.length).toBeGreaterThan(20);
  });

  it.each(containers)('parses: %s', (_name, { command, args = [] }) => {
    expect(command).toEqual(['refit']);
    const filled = args.map((arg) =>
      arg.replaceAll(/\{\{[^}]*?([\w-]+)\}\}/g, (_tag, name: string) => VALUES[name] ?? 'x'),
    );
    let isRun = false;
    const program = createProgram(fakeIo(), () => undefined);
    const leaf =
      args[0] === 'step' || args[0] === 'external'
        ? program.commands.find((c) => c.name() === args[0])?.commands.find((c) => c.name() === args[1])
        : program.commands.find((c) => c.name() === args[0]);
    leaf?.action(() => void (isRun = true));
    program.parse(filled, { from: 'user' });
    expect(isRun).toBe(true);
  });
});

describe('refit step', () => {
  const GOOD = [
    'step',
    'uncordon',
    '--namespace=lab',
    '--workflow=w',
    '--cluster=c',
    '--machine=m',
    '--operation=1',
    '--timeout-seconds=60',
  ];

  it.each([
    ['an unknown step', ['step', 'explode'], 'unknown command'],
    ['a missing flag', GOOD.filter((arg) => !arg.startsWith('--machine')), '--machine'],
    ['an unknown flag', [...GOOD, '--image=evil'], 'unknown option'],
    ['a bad timeout', [...GOOD, '--timeout-seconds=soon'], 'expected whole seconds'],
    ['a bad number', [...GOOD, '--operation=first'], '--operation: got "first"'],
    ['a kubeconfig that is not there', [...GOOD, '--kubeconfig=/none'], 'kubeconfig /none: cannot be read'],
  ])('%s is bad input', async (_name, argv, message) => {
    const io = fakeIo();
    expect(await run(argv, io)).toBe(EXIT.badInput);
    expect(io.stderr()).toContain(message);
  });
});

/** Every object with `command` and `args` in the documents, wherever it is. */
function containersIn(pattern: string): [string, Container][] {
  return globSync(pattern, { cwd: ROOT }).flatMap((file) =>
    parseAllDocuments(readFileSync(path.join(ROOT, file), 'utf8')).flatMap((document) =>
      find(document.toJS(), file),
    ),
  );
}

function find(value: unknown, name: string): [string, Container][] {
  if (typeof value !== 'object' || value === null) return [];
  const container = value as Container & { name?: string };
  if (Array.isArray(container.args)) return [[`${name} ${container.args.slice(0, 2).join(' ')}`, container]];
  return Object.values(value).flatMap((item) => find(item, name));
}
