import { systemClock } from '../../../src/cli/clock.ts';
import type { Host } from '../../../src/steps/host/host.ts';
import { createLocalHost } from '../../../src/steps/host/local-host.ts';
import type { NodeStep, StepContext } from '../../../src/steps/node/node-step.ts';

/** A step and the machine that it meets. */
export interface Scenario {
  step: NodeStep;
  context: StepContext;
  /** Makes the files below `root` as they are before the step. */
  arrange(): Promise<void>;
  /** PATH of the step's commands, which are not bound to `root`: stand-ins of systemctl and the like. */
  path?: string;
}

/** Default export of a scenario's module; `root` is the folder that stands for the machine. */
export type MakeScenario = (root: string) => Scenario;

export function scenarioHost(root: string, { path }: Scenario): Host {
  const options = { clock: systemClock(), log: () => undefined, root };
  return createLocalHost({ ...options, ...(path === undefined ? {} : { path }) });
}
