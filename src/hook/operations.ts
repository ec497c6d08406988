// Carries out what failure-policy.ts decides: the only writer of operation records besides `complete`.
import { BLOCKED_ANNOTATION, RETRY_ANNOTATION } from '../api/labels.ts';
import type { Clock } from '../api/clock.ts';
import { StatusError } from '../api/errors.ts';
import { isFinal, knownRecord, workflowNameOf, writeRecord, type OperationRecord } from '../api/operation.ts';
import { operationName } from '../api/names.ts';
import { updateMachineWorkflow } from '../generators/update-machine.ts';
import type { Plan } from '../plan/types.ts';
import type { Announce } from './announce.ts';
import { onRequest, overdue, type Action, type Situation, type Wanted } from './failure-policy.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { PolicyOf } from './policies.ts';
import type { MachineView, Store, WorkflowView } from './store.ts';

export interface OperationsOptions {
  store: Store;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  policy: PolicyOf;
  announce: Announce;
  /** Of Refit: names the step templates. */
  version: string;
}

/** An action that needs no further work: it can be answered. */
export type Outcome = Extract<Action, { do: 'progress' | 'wait' | 'done' }> & { workflow?: WorkflowView };

/** Each write moves the record one state on; more turns than states means that somebody fights us. */
const MAX_TURNS = 8;

export function createOperations(options: OperationsOptions) {
  const { store, clock, log, metrics, announce } = options;

  /**
   * Bring the Machine's operation as far as it can be brought now. `plan` is asked for only when something starts,
   * so that a change of policy does not disturb what runs. Errors: BadInput from `plan`, Unavailable, Conflict.
   */
  async function request(
    namespace: string,
    name: string,
    wanted: Wanted,
    plan: (m: MachineView) => Plan,
  ): Promise<Outcome> {
    let machine = store.machine(namespace, name);
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      if (!machine) throw new StatusError(`Machine ${namespace}/${name} not found`, { reason: 'NotFound' });
      const situation = await lookUp(machine);
      const action = onRequest(situation, wanted);
      if (action.do === 'progress' || action.do === 'wait' || action.do === 'done') {
        return { ...action, ...(situation.workflow ? { workflow: situation.workflow } : {}) };
      }
      machine = await orReadAgain(machine, (m) => perform(m, action, wanted, plan));
    }
    throw new StatusError(`Machine ${namespace}/${name} is changed by others at the same time`, {
      reason: 'Conflict',
    });
  }

  /** The same without a request: records what ended, stops what must stop. */
  async function settle(namespace: string, name: string): Promise<void> {
    let machine = store.machine(namespace, name);
    for (let turn = 0; turn < MAX_TURNS && machine; turn += 1) {
      const action = overdue(await lookUp(machine));
      if (!action) return;
      machine = await orReadAgain(machine, (m) => perform(m, action));
    }
  }

  /** From the caches; a Workflow that should be there but is not is asked for once more: the cache may be late. */
  async function lookUp(machine: MachineView): Promise<Situation> {
    const record = knownRecord(machine.annotations);
    if (!record || isFinal(record)) return { machine };
    const name = workflowNameOf(machine, record);
    const cached = store.workflow(machine.namespace, name);
    const mustExist = record.state !== 'starting';
    const workflow = cached ?? (mustExist ? await store.readWorkflow(machine.namespace, name) : undefined);
    return { machine, ...(workflow ? { workflow } : {}) };
  }

  async function perform(
    machine: MachineView,
    action: Action,
    wanted?: Wanted,
    plan?: (m: MachineView) => Plan,
  ): Promise<MachineView> {
    switch (action.do) {
      case 'start':
        if (!wanted || !plan) return machine;
        plan(machine); // refuses before anything is written
        await mustNotGoBack(machine);
        return write(machine, startingRecord(machine, action.number, wanted), {
          [RETRY_ANNOTATION]: null,
          [BLOCKED_ANNOTATION]: null,
        });
      case 'create':
        return plan ? create(machine, action.record, plan(machine)) : machine;
      case 'stop':
        await store.stopWorkflow(machine.namespace, workflowNameOf(machine, action.record));
        return write(machine, { ...action.record, state: 'stopping', reason: action.reason });
      case 'end':
        return end(machine, action);
      default:
        return machine;
    }
  }

  /** The first thing that a rollback does is to block the Machine. Errors: Unavailable, until it has ended. */
  async function mustNotGoBack(machine: MachineView): Promise<void> {
    const name = BLOCKED_ANNOTATION in machine.annotations ? await store.openRollback(machine) : undefined;
    if (name === undefined) return;
    throw new StatusError(`Workflow ${name} puts its node back: wait until that has ended`, {
      reason: 'Unavailable',
    });
  }

  async function create(machine: MachineView, record: OperationRecord, plan: Plan): Promise<MachineView> {
    const { version } = options;
    const cluster = store.cluster(machine.namespace, machine.cluster);
    const policy = options.policy(cluster);
    if (cluster && plan.role === 'worker') await store.limitWorkers(cluster, policy.workers.concurrency);
    const from = record.from === undefined ? {} : { from: record.from };
    const workflow = updateMachineWorkflow({
      machine,
      number: record.number,
      plan,
      policy,
      version,
      ...from,
    });
    try {
      await store.createWorkflow(workflow);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'BadInput') throw error;
      const reason = `its Workflow was refused: ${error.message}`;
      return end(machine, { do: 'end', record, state: 'failed', reason, host: 'idle' });
    }
    const updated = await write(machine, { ...record, state: 'running' });
    announce(
      updated,
      'Normal',
      'InPlaceUpdateStarted',
      `operation ${record.number}: ${record.from ?? '?'} to ${record.to}, Workflow ${operationName(machine, record.number)}`,
    );
    return updated;
  }

  async function end(machine: MachineView, action: Extract<Action, { do: 'end' }>): Promise<MachineView> {
    const { record, state, reason, host } = action;
    const finishedAt = clock.now().toISOString();
    const updated = await write(machine, { ...record, state, reason, finishedAt, ...(host ? { host } : {}) });
    metrics.operationsEnded.inc({ state });
    const type = state === 'failed' ? 'Warning' : 'Normal';
    announce(
      updated,
      type,
      state === 'failed' ? 'InPlaceUpdateFailed' : 'InPlaceUpdateCancelled',
      `operation ${record.number}: ${reason}`,
    );
    return updated;
  }

  async function write(
    machine: MachineView,
    record: OperationRecord,
    more: Record<string, null> = {},
  ): Promise<MachineView> {
    const updated = await store.annotateMachine(machine, { ...writeRecord(record), ...more });
    const { number, state, reason } = record;
    log.info(
      { machine: `${machine.namespace}/${machine.name}`, operation: number, state, reason },
      'operation',
    );
    return updated;
  }

  /** Somebody else was first: look at what the Machine says now. */
  async function orReadAgain(machine: MachineView, act: (m: MachineView) => Promise<MachineView>) {
    try {
      return await act(machine);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict') throw error;
      return store.readMachine(machine.namespace, machine.name);
    }
  }

  function startingRecord(machine: MachineView, number: number, wanted: Wanted): OperationRecord {
    const from = machine.kubeletVersion === undefined ? {} : { from: machine.kubeletVersion };
    const startedAt = clock.now().toISOString();
    return {
      version: 1,
      number,
      hash: wanted.hash,
      state: 'starting',
      ...from,
      to: wanted.version,
      startedAt,
    };
  }

  return { request, settle };
}

export type Operations = ReturnType<typeof createOperations>;
