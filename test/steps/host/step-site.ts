// A step of given parts on a host with one file, whose time only passes when somebody sleeps.
import { stepReportSchema, type StepReport } from '../../../src/api/step-result.ts';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import type { Action, NodeStep, Work } from '../../../src/steps/node/node-step.ts';
import { fakeClock, type FakeClock } from '../../helpers/clock.ts';
import { stepContext } from './step-context.ts';
import { tempHost, type TempHost } from './temp-host.ts';

export const CONTEXT = stepContext();
export const FILE = '/etc/default/kubelet';

export const write: Action = {
  do: 'write',
  path: FILE,
  content: Buffer.from('new'),
  mode: 0o644,
  change: { what: FILE, from: 'old', to: 'new' },
};
export const failing: Action = { do: 'run', argv: ['sh', '-c', 'echo broken >&2; exit 1'] };
export const broken = 'sh -c echo broken >&2; exit 1: exit code: got 1, expected 0: broken';

export type Parts = Partial<Work> & Pick<Partial<NodeStep>, 'problems' | 'restoration' | 'prepare'>;

export function makeStep({ problems, restoration, prepare, ...work }: Parts): NodeStep {
  return {
    name: 'kubelet',
    prepare: prepare ?? (async () => ({ refusals: [], actions: [], notes: [], ...work })),
    problems: problems ?? (async () => []),
    ...(restoration && { restoration }),
  };
}

export interface StepSite {
  clock: FakeClock;
  host: TempHost;
  perform: (parts: Parts, options?: { signal?: AbortSignal }) => Promise<StepReport>;
  content: () => Promise<string>;
}

export async function stepSite(): Promise<StepSite> {
  const still = fakeClock();
  // The timeouts of commands are of real time.
  const clock = { ...still, sleep: (seconds: number) => still.advance(seconds) };
  const host = { ...(await tempHost()), clock };
  await host.put(FILE, 'old');
  return {
    clock,
    host,
    perform: async (parts, options = {}) => {
      const report = await performStep(makeStep(parts), host, CONTEXT, { timeoutSeconds: 60, ...options });
      return stepReportSchema.parse(report);
    },
    content: async () => String(await host.files.read(FILE)),
  };
}
