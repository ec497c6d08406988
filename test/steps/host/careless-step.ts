// A step whose work writes a file in place, and another one that nobody puts back.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import makeGood from './made-up-step.ts';
import type { MakeScenario } from './scenario.ts';

const makeScenario: MakeScenario = (root) => {
  const { step, ...rest } = makeGood(root);
  return {
    ...rest,
    step: {
      ...step,
      prepare: async (host, context) => {
        const work = await step.prepare(host, context);
        const careless = async (): Promise<void> => {
          await writeFile(join(root, '/etc/app/app.conf'), 'careless');
          await host.files.write('/etc/forgotten', 'new', { mode: 0o644 });
        };
        return { ...work, actions: [{ do: 'work', what: 'be careless', perform: careless }] };
      },
      problems: async () => [],
    },
  };
};
export default makeScenario;
