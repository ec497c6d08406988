// The frame of every step: typed input, the parts in their order, one result, one exit code.
import { EXIT, NODE_COMMANDS, type NodeCommand, type StepCommand } from '../../api/commands.ts';
import { StatusError } from '../../api/errors.ts';
import { NOTHING_TO_DO, type StepReport, type StepResult } from '../../api/step-result.ts';
import type { QuietStep } from '../../api/steps.ts';
import type { ApiStep, ApiStepContext, ApiStepOutcome, StepFlags } from '../api/api-step.ts';
import { machinePath } from '../api/paths.ts';
import { drainParts } from './drain-parts.ts';
import { exitCode } from './exit-code.ts';
import { machineFacts, type MachineFacts } from './machine-facts.ts';
import { runNodePart, untilSteady, type NodePart } from './node-part.ts';
import { patientClient } from './patient-client.ts';
import type { Remote } from './remote.ts';
import { stepsBehind, type EndBehind } from './steps-behind.ts';

/** Clients that do not ask again by themselves: the API parts have their own bounds. */
export interface StepTools extends Remote, NodePart {
  /** What steps do besides their work on the node, or instead of it (../api/api-steps.ts). */
  apiSteps: ReadonlyMap<StepCommand, { before?: ApiStep; after?: ApiStep }>;
}

export interface StepEnd {
  /** Its message is one line for people. */
  result: StepResult;
  outputs: Readonly<Record<string, string>>;
  /** EXIT of api/commands.ts. */
  code: number;
}

interface Parts {
  outcome: ApiStepOutcome;
  report?: StepReport;
  /** Why there is no report of a node that had to be asked. */
  trouble?: StatusError;
}

/** Whatever the clusters and the node answer is a result; throws only what nobody expects. */
export async function runStep(command: StepCommand, flags: StepFlags, tools: StepTools): Promise<StepEnd> {
  const { clock } = tools;
  let [startedAt, start] = [clock.now().toISOString(), clock.monotonic()];
  const begin = (): void => {
    [startedAt, start] = [clock.now().toISOString(), clock.monotonic()];
  };
  const end = ({ outcome, report, trouble }: Parts): StepEnd => {
    const durationSeconds = Math.round((clock.monotonic() - start) * 1000) / 1000;
    const own = { version: 1, step: command, operation: flags.workflow, startedAt, durationSeconds } as const;
    // A report that was too long has lost its changes.
    const done = outcome.changes.length > 0 ? 'changed' : (report?.result.outcome ?? 'unchanged');
    const failed = trouble ? 'failed' : badEnd(report);
    const message = outcome.message.replaceAll(/\s+/g, ' ').trim();
    return {
      result: { ...(report?.result ?? own), outcome: failed ?? done, message, changes: outcome.changes },
      outputs: outcome.outputs ?? {},
      code: trouble ? exitCode(trouble) : failed ? EXIT.failed : EXIT.done,
    };
  };
  try {
    const own = await stepsBehind(command, flags, (step, given) => endBehind(step, given, tools));
    begin();
    return end(
      own ? await parts(command, own, tools, begin) : { outcome: { message: NOTHING_TO_DO, changes: [] } },
    );
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return end({ outcome: { message: error.message, changes: [] }, trouble: error });
  }
}

/** Its log is in its own task. */
async function endBehind(step: QuietStep, flags: StepFlags, tools: StepTools): Promise<EndBehind> {
  tools.log(`waiting for step ${step}`);
  const silent = { ...tools, log: () => undefined };
  const { outcome, report } = await parts(step, flags, silent, () => undefined);
  return { message: outcome.message, isBad: badEnd(report) !== undefined, outputs: outcome.outputs ?? {} };
}

/** A failed node ends the step, except for `finish`, which reports in any case. `begin`: what was before was waiting. */
async function parts(
  command: StepCommand,
  flags: StepFlags,
  tools: StepTools,
  begin: () => void,
): Promise<Parts> {
  const { before, after } = tools.apiSteps.get(command) ?? {};
  const { clock, log, signal } = tools;
  const waits = (name: string) => ({ name, clock, log, signal });
  const remote: Remote = {
    ...tools,
    management: patientClient(tools.management, waits('management cluster')),
    workload: patientClient(tools.workload, waits('workload cluster')),
  };
  const machine = await remote.management.get(machinePath(flags.namespace, flags.machine));
  const facts = machineFacts(command, flags, machine);
  const context = apiContext(tools, flags, machine, facts);
  if (command === 'drain') {
    const move = (given: ApiStepContext): Promise<ApiStepOutcome> => apiOutcome(command, after, given);
    return { outcome: await drainParts(context, { ...tools, remote, facts, move, begin }) };
  }
  if (before) log((await before(context)).message);
  if (!isNodeCommand(command)) return { outcome: await apiOutcome(command, after, context) };
  const node = runNodePart(remote, command, context, facts, tools);
  if (command !== 'finish') {
    const report = await node;
    const api = badEnd(report) || !after ? nodeOutcome(report) : after({ ...context, report });
    return { outcome: await beside(api, untilSteady(remote, command, context, tools)), report };
  }
  const asked = await node.then(
    (report) => ({ report }),
    (error: unknown) => ({ trouble: asStatusError(error) }),
  );
  const outcome = await apiOutcome(command, after, { ...context, ...('report' in asked ? asked : {}) });
  if (!('trouble' in asked)) return { outcome, ...asked };
  return { outcome: { ...outcome, message: `${outcome.message}: ${asked.trouble.message}` }, ...asked };
}

/** The API's part does not wait for a steady API server, a node would be cordoned meanwhile; both are waited for. */
async function beside<T>(work: T | Promise<T>, steady: Promise<void>): Promise<T> {
  // Told below.
  steady.catch(() => undefined);
  try {
    return await work;
  } finally {
    await steady;
  }
}

function apiContext(
  { management, workload, clock, log, signal }: StepTools,
  flags: StepFlags,
  machine: ApiStepContext['machine'],
  { nodeName, operation }: MachineFacts,
): ApiStepContext {
  const { timeoutSeconds } = flags;
  return { flags, management, workload, clock, log, machine, nodeName, operation, timeoutSeconds, signal };
}

async function apiOutcome(
  command: StepCommand,
  step: ApiStep | undefined,
  context: ApiStepContext,
): Promise<ApiStepOutcome> {
  if (!step) throw new StatusError(`step ${command}: nothing implements it`, { reason: 'Failed' });
  return step(context);
}

function nodeOutcome({ result, outputs }: StepReport): ApiStepOutcome {
  return { message: result.message, changes: result.changes, outputs };
}

function badEnd(report: StepReport | undefined): 'failed' | 'cancelled' | undefined {
  const outcome = report?.result.outcome;
  return outcome === 'failed' || outcome === 'cancelled' ? outcome : undefined;
}

function isNodeCommand(command: StepCommand): command is NodeCommand {
  return (NODE_COMMANDS as readonly string[]).includes(command);
}

function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  throw error;
}
