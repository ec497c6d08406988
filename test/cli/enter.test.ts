import { describe, expect, it } from '@jest/globals';
import { PROGRAM_FOLDER } from '../../src/api/install.ts';
import { createProgram } from '../../src/cli/run.ts';
import { nodeJob } from '../../src/steps/launcher/node-job.ts';
import { fakeIo } from '../helpers/io.ts';
import { IMAGE, sampleInput } from '../steps/launcher/samples.ts';

describe('refit host enter', () => {
  it('is what the container of a node Job runs', () => {
    const job = nodeJob({ workflow: 'w', number: 1, input: sampleInput(), image: IMAGE });
    const [node, script, ...argv] = job.spec?.template.spec?.containers[0]?.command ?? [];
    expect([node, script]).toEqual([`${PROGRAM_FOLDER}/node`, `${PROGRAM_FOLDER}/refit.js`]);
    let isRun = false;
    const program = createProgram(fakeIo(), () => undefined);
    const host = program.commands.find((command) => command.name() === 'host');
    host?.commands.find((command) => command.name() === 'enter')?.action(() => void (isRun = true));
    program.parse(argv, { from: 'user' });
    expect(isRun).toBe(true);
  });
});
