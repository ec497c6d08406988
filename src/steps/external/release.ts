// The exit handler: whatever happened, unfinished Machines are closed, and the owner gets its last word.
import { isUpToDate } from '../../api/external-desired.ts';
import { askOf, type Ask } from '../../api/external-owner.ts';
import { endAnnotations, isReleased, type End } from '../../api/external-release.ts';
import { isHeld, shortReason } from '../../api/external-record.ts';
import { text, texts } from '../../api/fields.ts';
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { machineTask } from '../../api/names.ts';
import { HOST_STATES, isFinal, knownRecord, writeRecord } from '../../api/operation.ts';
import { machinesPath, ownerPath, workflowPath } from '../../kubernetes/external-reads.ts';
import { releaseSets, untilSeen, writePatch } from '../../kubernetes/external-writes.ts';
import { unpackedWorkflow } from '../../kubernetes/unpacked-workflow.ts';
import { stepFailures, type StepFailure } from '../../api/workflow-failures.ts';
import { change } from '../api/change.ts';
import type { ExternalContext, ExternalOutcome, ExternalStep } from './external-step.ts';
import { ownerOf } from './owner.ts';

/** Its own writes, of what was read before, meet somebody else's: then it reads again. */
const MAX_TURNS = 8;

/** The owner last: until then a lost pod is made again, and goes on here. */
export const release: ExternalStep = async (context) => {
  // Also when the owner has begun another upgrade, which waits for these Machines.
  await closeMachines(context);
  for (let turn = 1; ; turn += 1) {
    try {
      return await lastWord(context);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict' || turn === MAX_TURNS) throw error;
    }
  }
};

/** Everything is read anew: nodes may have been waited for. */
async function lastWord(context: ExternalContext): Promise<ExternalOutcome> {
  const { flags, reads, management, log, clock } = context;
  const { ask, owner, record } = await ownerOf(context);
  if (!isHeld(record)) return { message: `recorded before: ${record.state}`, changes: [] };
  const sets = await reads.machineSets(ask);
  const problems = await unfinished(context, ask, sets);
  for (const line of problems) log(line);
  const end: End =
    problems.length === 0
      ? { state: 'succeeded', now: clock.now() }
      : {
          state: 'failed',
          reason: shortReason(
            `Workflow ${flags.workflow} ended ${flags.workflowStatus}: ${problems.join('; ')}`,
          ),
          now: clock.now(),
        };
  const isFree = isReleased(texts(owner, 'metadata', 'annotations'), end.state);
  if (isFree) await freeSets(context, owner, sets, end.state === 'succeeded');
  await writePatch(management, ownerPath(flags.ownerKind, flags.namespace, flags.owner), owner, {
    metadata: { annotations: endAnnotations(owner, record, end) },
  });
  return { message: messageOf(end, isFree), changes: [{ what: ask.kind }] };
}

async function freeSets(
  context: ExternalContext,
  owner: JsonObject,
  sets: readonly JsonObject[],
  isDone: boolean,
): Promise<void> {
  const { management, flags, log } = context;
  await releaseSets(management, flags.namespace, owner, sets, isDone);
  if (await untilSeen(management, context, flags.namespace, sets)) return;
  log('Cluster API has not looked at the MachineSets yet: the MachineDeployment is released all the same');
}

/** What Argo keeps of the steps; it must not hold up the end that it cannot be read. */
async function failuresOf({ management, flags, log }: ExternalContext): Promise<StepFailure[]> {
  try {
    const workflow = await management.get(workflowPath(flags.namespace, flags.workflow));
    return stepFailures(unpackedWorkflow(workflow));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    log(`why steps failed is not known: ${error.message}`);
    return [];
  }
}

/** At once: each may have to wait for its node. */
async function closeMachines(context: ExternalContext): Promise<void> {
  const { flags, management, reads } = context;
  const owner = await management.get(ownerPath(flags.ownerKind, flags.namespace, flags.owner));
  const ask = askOf({ ...owner, kind: flags.ownerKind });
  const machines = await reads.machines(ask, await reads.machineSets(ask));
  const failures = await failuresOf(context);
  await Promise.all(machines.map((machine) => closeMachine(context, machine, failures)));
}

/** A Machine in the middle of its operation: its node is told to stop, and its record gets its last word. */
async function closeMachine(
  { flags, management, finishMachine, clock }: ExternalContext,
  machine: JsonObject,
  failures: readonly StepFailure[],
): Promise<void> {
  const record = knownRecord(texts(machine, 'metadata', 'annotations'));
  if (record === undefined || record.workflow !== flags.workflow || isFinal(record)) return;
  const name = text(machine, 'metadata', 'name') ?? '';
  const { host, message } = await finishMachine(name, record.number, flags.workflowStatus);
  const failure = failures.find(({ task }) => task === machineTask(name));
  const reason = failure ? `step ${failure.step}: ${failure.message}; ${message}` : message;
  const path = machinesPath(flags.namespace, name);
  await change(management, path, (now) => {
    const current = knownRecord(texts(now, 'metadata', 'annotations'));
    if (current?.number !== record.number || isFinal(current)) return undefined;
    return {
      annotations: writeRecord({
        ...current,
        state: 'failed',
        reason,
        finishedAt: clock.now().toISOString(),
        host: HOST_STATES.find((state) => state === host) ?? 'unknown',
      }),
    };
  });
}

/** A line for each Machine that is not as the owner asks, read again. */
async function unfinished(
  { reads }: ExternalContext,
  ask: Ask,
  sets: readonly JsonObject[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const machine of await reads.machines(ask, sets)) {
    const name = text(machine, 'metadata', 'name') ?? '';
    const record = knownRecord(texts(machine, 'metadata', 'annotations'));
    const isLeft = record?.workflow !== undefined && record.state !== 'succeeded';
    if (isLeft)
      problems.push(
        `Machine ${name}: operation ${record.number} ${record.state}: ${record.reason ?? 'no reason'}`,
      );
    else if (!(await isDone(name, machine))) problems.push(`Machine ${name}: not upgraded`);
  }
  return problems;

  async function isDone(name: string, machine: JsonObject): Promise<boolean> {
    try {
      return isUpToDate(ask, await reads.situation(ask, machine));
    } catch (error) {
      // What cannot be compared, Cluster API might replace.
      if (!(error instanceof StatusError) || !['BadInput', 'NotFound'].includes(error.reason)) throw error;
      problems.push(`Machine ${name}: ${error.message}`);
      return true;
    }
  }
}

function messageOf({ state, reason }: End, isFree: boolean): string {
  if (state === 'succeeded') return 'all Machines are as the owner asks: released';
  return isFree
    ? `${reason}; released, Cluster API replaces what is left`
    : `${reason}; it stays paused, or Cluster API would replace what is left`;
}
