// What the generated containers call must be what the CLI offers: src/api/commands.ts.
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments, visit } from 'yaml';
import { FINISH_FLAGS, STEP_COMMANDS, stepParameters, WORKFLOW_FLAGS } from '../../src/api/commands.ts';
import { STEP_NAMES } from '../../src/api/steps.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every `args` list in the file that runs a step. */
function stepArguments(file: string): string[][] {
  const found: string[][] = [];
  for (const document of parseAllDocuments(readFileSync(`${root}${file}`, 'utf8'))) {
    visit(document, {
      Pair(_key, pair) {
        if (String(pair.key) === 'args') found.push((pair.toJSON() as { args: string[] }).args);
      },
    });
  }
  return found.filter(([verb]) => verb === 'step');
}

const files = globSync(['test/golden/**/*.yaml', 'dist/*.yaml'], { cwd: root });
const rows = files.flatMap((file) =>
  stepArguments(file).map((args) => [`${file} ${args[1]}`, args] as const),
);

describe('containers that run a step', () => {
  it('are found', () => {
    expect(rows.length).toBe(2 * (STEP_COMMANDS.length + STEP_NAMES.length));
  });

  it.each(rows)(
    '%s uses only flags of its command, and all that must be given',
    (_name, [, command, ...flags]) => {
      const step = STEP_COMMANDS.find((name) => name === command)!;
      const parameters = stepParameters(step);
      const fixed = Object.keys({ ...WORKFLOW_FLAGS, ...(step === 'finish' ? FINISH_FLAGS : {}) });
      const required = [
        ...fixed,
        ...parameters.filter((each) => each.default === undefined).map(({ name }) => name),
      ];
      const given = flags.map((flag) => /^--([a-z0-9-]+)=/.exec(flag)?.[1]);
      expect([...fixed, ...parameters.map(({ name }) => name)]).toEqual(expect.arrayContaining(given));
      expect(given).toEqual(expect.arrayContaining(required));
    },
  );
});
