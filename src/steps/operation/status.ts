// What Refit does and did on this machine, as its files and systemd tell: works with no API. Changes nothing.
import { NODE_COMMANDS, type NodeCommand } from '../../api/commands.ts';
import { stepsAtDrain, type HostPlan } from '../../api/host-plan.ts';
import { isFlipStep } from '../../api/steps.ts';
import { BACKUPS_FOLDER, STATE_FOLDER } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { nodeName } from './identity.ts';
import { lockHolder } from './lock.ts';
import { RESERVED } from './node-input.ts';
import { isDrained, readBegun, readHandOver, readPlan, readReport, readWaiting } from './records.ts';
import type { Site } from './site.ts';
import { isWorking } from './systemd.ts';
import { operationUnit, operationUnitFile, stepUnit } from './units.ts';

export interface StepStatus {
  step: NodeCommand;
  /** interrupted: begun, but nothing works on it now. waiting: to be done by the node. */
  state: 'changed' | 'unchanged' | 'failed' | 'cancelled' | 'running' | 'interrupted' | 'waiting';
  startedAt?: string;
  /** Until now for one that runs. */
  seconds?: number;
  message?: string;
  /** Of one that runs: when its watchdog looks. */
  watchdogAt?: string;
}

export interface OperationStatus {
  operation: string;
  /**
   * prepared: nothing handed over yet. waiting: for a launch, of `drain` in the middle of its list, of any step when it was
   * booted before the first one.
   * interrupted: its unit is there and does not work.
   */
  state: 'running' | 'prepared' | 'waiting' | 'interrupted' | 'done' | 'failed' | 'cancelled' | 'rolled back';
  /** To be reached. */
  kubernetes?: string;
  /** ActiveState of the unit of the flip group; absent when it has none (any more). */
  unit?: string;
  steps: StepStatus[];
}

export interface NodeStatus {
  node?: string;
  /** Operation that holds the host lock. */
  lock?: string;
  /** Newest first. */
  operations: OperationStatus[];
  /** Operations whose backups are kept. */
  backups: string[];
}

/** @param operation only this one */
export async function nodeStatus(site: Site, operation?: string): Promise<NodeStatus> {
  const { host } = site;
  const names = await operationNames(host);
  const wanted = names.filter((name) => operation === undefined || name === operation);
  const operations: OperationStatus[] = [];
  for (const name of wanted) operations.push(await operationStatus(site, name));
  const [node, lock] = [await nodeName(host), await lockHolder(host)];
  return {
    ...(node && { node: node.name }),
    ...(lock !== undefined && { lock }),
    operations,
    backups: await host.files.list(BACKUPS_FOLDER),
  };
}

async function operationNames({ files }: Host): Promise<string[]> {
  const folders: { name: string; changed: number }[] = [];
  for (const name of await files.list(STATE_FOLDER)) {
    const status = await files.status(`${STATE_FOLDER}/${name}`);
    if (status?.kind !== 'folder' || RESERVED.includes(name) || name.startsWith('.')) continue;
    folders.push({ name, changed: status.modifiedAt.getTime() });
  }
  return folders
    .sort((a, b) => b.changed - a.changed || a.name.localeCompare(b.name))
    .map(({ name }) => name);
}

async function operationStatus(site: Site, operation: string): Promise<OperationStatus> {
  const { host, systemd } = site;
  const units = [operationUnit(operation), ...NODE_COMMANDS.map((step) => stepUnit(operation, step))];
  const states = await systemd.states(units);
  const working = new Set(units.filter((_unit, index) => states[index] && isWorking(states[index])));
  // One that cannot be read is no reason to tell nothing.
  const plan = await readPlan(host, operation).catch(() => undefined);
  const listed = plan?.steps.map(({ name }): NodeCommand => name) ?? [];
  const atDrain = await waitsForDrain(host, operation, plan);
  const steps: StepStatus[] = [];
  for (const step of NODE_COMMANDS) {
    const isFlip = isFlipStep(step);
    const isAtWork =
      working.has(stepUnit(operation, step)) || (isFlip && working.has(operationUnit(operation)));
    const status = await stepStatus(host, { operation, step }, isAtWork);
    if (status) steps.push(status);
    else if (listed.includes(step)) {
      const message = step === atDrain?.step ? `for drain, until ${atDrain.until} at most` : undefined;
      steps.push({ step, state: 'waiting', ...(message !== undefined && { message }) });
    }
  }
  const hasUnit = (await host.files.status(operationUnitFile(operation))) !== undefined;
  const isHandedOver = (await readHandOver(host, operation)) !== undefined;
  return {
    operation,
    state:
      working.size > 0 ? (atDrain ? 'waiting' : 'running') : restingState(steps, { hasUnit, isHandedOver }),
    ...(plan && { kubernetes: plan.kubernetes }),
    ...(hasUnit && states[0] && { unit: states[0].active }),
    steps,
  };
}

async function stepStatus(
  host: Host,
  { operation, step }: { operation: string; step: NodeCommand },
  isAtWork: boolean,
): Promise<StepStatus | undefined> {
  const report = await readReport(host, operation, step);
  if (report) {
    const { outcome, startedAt, durationSeconds, message } = report.result;
    return { step, state: outcome, startedAt, seconds: durationSeconds, message };
  }
  const begun = await readBegun(host, operation, step);
  if (!begun) return undefined;
  const { startedAt, watchdogAt } = begun;
  if (!isAtWork) return { step, state: 'interrupted', startedAt };
  const seconds = (host.clock.now().getTime() - Date.parse(startedAt)) / 1000;
  return { step, state: 'running', startedAt, seconds, ...(watchdogAt !== undefined && { watchdogAt }) };
}

/** The step that is reached and does not begin before the node is drained. */
async function waitsForDrain(
  host: Host,
  operation: string,
  plan: HostPlan | undefined,
): Promise<{ step: NodeCommand; until: string } | undefined> {
  const step = stepsAtDrain(plan?.steps ?? []).waiting?.name;
  const waiting = await readWaiting(host, operation);
  if (!step || !waiting || (await isDrained(host, operation))) return undefined;
  const isOver = (await readBegun(host, operation, step)) ?? (await readReport(host, operation, step));
  return isOver ? undefined : { step, until: waiting.until };
}

/** Of an operation that no unit works on. */
function restingState(
  steps: readonly StepStatus[],
  { hasUnit, isHandedOver }: { hasUnit: boolean; isHandedOver: boolean },
): OperationStatus['state'] {
  const has = (state: StepStatus['state']): boolean => steps.some((step) => step.state === state);
  const ofStep = (name: NodeCommand): StepStatus | undefined => steps.find(({ step }) => step === name);
  const rollback = ofStep('rollback')?.state;
  if (rollback === 'changed' || rollback === 'unchanged') return 'rolled back';
  if (has('failed')) return 'failed';
  if (has('cancelled')) return 'cancelled';
  if (has('interrupted')) return 'interrupted';
  if (hasUnit) return 'waiting';
  if (isHandedOver && !has('waiting')) return 'done';
  return ofStep('finish') ? 'done' : 'prepared';
}
