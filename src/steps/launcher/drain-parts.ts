// The step `drain`, whose parts come in another order: the node gets as far as it may undrained, then its pods move away,
// then it goes on. So nobody waits for Argo while the node is cordoned.
import { EXIT } from '../../api/commands.ts';
import { StatusError } from '../../api/errors.ts';
import { stepsAtDrain } from '../../api/host-plan.ts';
import { hasFlipped, isBad, NOTHING_TO_DO } from '../../api/step-result.ts';
import type { ApiStepContext, ApiStepOutcome } from '../api/api-step.ts';
import { exitCode } from './exit-code.ts';
import { isLaunched } from './launch.ts';
import type { MachineFacts } from './machine-facts.ts';
import {
  launchPrepared,
  prepareNodePart,
  runNodePart,
  untilSteady,
  type NodePart,
  type PreparedNodePart,
} from './node-part.ts';
import type { Remote } from './remote.ts';

interface DrainParts extends NodePart {
  remote: Remote;
  facts: MachineFacts;
  /** By the API. */
  move: (context: ApiStepContext) => Promise<ApiStepOutcome>;
  /** What the step took counts from here. */
  begin: () => void;
}

const STAY: ApiStepOutcome = { message: 'no pod has to move away', changes: [] };
const STAY_FLIPPED: ApiStepOutcome = {
  ...STAY,
  message: 'no pod has to move away: the control plane was flipped',
};

/**
 * Without a plan on the node it only drains by hand: an operation has nothing to do there then. Errors: those of `move`,
 * after the node was told to stop; Failed when the node did not get so far, or ended before.
 */
export async function drainParts(context: ApiStepContext, parts: DrainParts): Promise<ApiStepOutcome> {
  const { flags, log } = context;
  const move = async (isFlipped: boolean): Promise<ApiStepOutcome> => {
    return isFlipped && flags.needed === 'unless-flipped' ? STAY_FLIPPED : parts.move(context);
  };
  // Then the node does not wait for this step.
  if (flags.needed === 'false') return STAY;
  if (flags.planSha256 === '') {
    return flags.operation === undefined ? move(false) : { message: NOTHING_TO_DO, changes: [] };
  }
  const { remote, facts } = parts;
  // First: what is refused is refused before the other tasks have begun to wait.
  const prepared = await prepareNodePart(remote, 'drain', context, facts, parts);
  const isFlipped = await reachNode(context, parts);
  parts.begin();
  // It was drained then, and may be in use again by now.
  const isDrained = await isLaunched(remote, prepared.launch);
  const outcome = isDrained
    ? { message: 'drained by an earlier try', changes: [] }
    : await move(isFlipped).catch((error: unknown) => stopNode(error, prepared, remote));
  log(outcome.message);
  const { result } = await launchPrepared(remote, prepared);
  await untilSteady(remote, 'drain', context, parts);
  if (result.outcome === 'failed') throw failed(`${outcome.message}; ${result.message}`);
  return { ...outcome, message: `${outcome.message}; ${result.message}` };
}

/** Follows the Job of the step before the one that waits, or starts it; its log is in that step's own task. True: it flipped. */
async function reachNode(context: ApiStepContext, parts: DrainParts): Promise<boolean> {
  const { remote, facts } = parts;
  const { flags, machine, log } = context;
  const { before } = stepsAtDrain(flags.steps);
  if (!before) return false;
  const { name, timeoutSeconds } = before;
  log(`waiting for step ${name}: the node need not be drained for it`);
  const silent: Remote = { ...remote, log: () => undefined };
  const given = { flags: { ...flags, timeoutSeconds }, machine };
  const report = await runNodePart(silent, name, given, facts, parts);
  if (isBad(report)) throw failed(`not drained: step ${name} ${report.result.outcome}`);
  return hasFlipped(report.result);
}

/** It would wait for hours, and the tasks that are attached to it with it. What may pass is tried again. */
async function stopNode(error: unknown, { launch, role }: PreparedNodePart, remote: Remote): Promise<never> {
  if (!(error instanceof StatusError) || exitCode(error) === EXIT.temporary) throw error;
  const stopping = { role, launch: { ...launch, input: { ...launch.input, drained: false } } };
  await launchPrepared(remote, stopping).catch((trouble: unknown) => {
    remote.log(
      `the node could not be told to stop: ${trouble instanceof Error ? trouble.message : 'no reason given'}`,
    );
  });
  throw error;
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
