import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { OPERATION_STATES, readRecord } from '../api/operation.ts';
import { WATCHDOG_GAVE_UP } from '../api/step-result.ts';
import { FLIP_STEPS, isFlipStep, STEP_NAMES } from '../api/steps.ts';
import { registerMachineMetrics, type MachineSource } from './machine-metrics.ts';
import type { MachineView, TaskView } from './store.ts';

/** Prometheus metrics of one server; `machines` and their Workflows are read at each scrape. */
export function createMetrics(
  machines: () => Iterable<MachineView>,
  workflow: MachineSource['workflow'] = () => undefined,
) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  registerMachineMetrics(registry, { machines, workflow });

  new Gauge({
    name: 'refit_operations',
    help: 'Machines by the state of their last operation',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = new Map<string, number>(OPERATION_STATES.map((state) => [state, 0]));
      for (const { annotations } of machines()) {
        const record = readRecord(annotations);
        const state = record === 'invalid' ? 'invalid' : record?.state;
        if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1);
      }
      for (const [state, count] of counts) this.set({ state }, count);
    },
  });

  const stepDuration = new Histogram({
    name: 'refit_step_duration_seconds',
    help: 'How long steps took, as this server saw them end',
    labelNames: ['step', 'phase'],
    buckets: [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800],
    registers,
  });

  const policyValid = new Gauge({
    name: 'refit_policy_valid',
    help: '1: the policy files are what is in use; 0: they are bad, the last good policy is in use',
    registers,
  });
  policyValid.set(1);

  const watchdogFired = new Counter({
    name: 'refit_watchdog_fired_total',
    help: "Steps that the node's watchdog gave up, as this server saw them end",
    labelNames: ['step'],
    registers,
  });
  // A counter that appears with its first count shows no increase.
  for (const step of FLIP_STEPS) watchdogFired.inc({ step }, 0);

  return {
    registry,
    requests: new Counter({
      name: 'refit_hook_requests_total',
      help: 'Answers to Runtime Hooks by hook and status',
      labelNames: ['hook', 'status'],
      registers,
    }),
    requestDuration: new Histogram({
      name: 'refit_hook_request_duration_seconds',
      help: 'Time to answer a Runtime Hook',
      labelNames: ['hook'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    decisions: new Counter({
      name: 'refit_decisions_total',
      help: 'Decisions on CanUpdate requests and actions on UpdateMachine requests',
      labelNames: ['hook', 'decision'],
      registers,
    }),
    operationsEnded: new Counter({
      name: 'refit_operations_ended_total',
      help: 'Operations that this server saw end, by state',
      labelNames: ['state'],
      registers,
    }),
    backgroundErrors: new Counter({
      name: 'refit_background_errors_total',
      help: 'Failures outside of requests: events, reconciliation, certificate reload',
      labelNames: ['task'],
      registers,
    }),
    refusals: new Counter({
      name: 'refit_refusals_total',
      help: 'Questions about a Cluster that were answered with Failure, and will be until somebody acts',
      labelNames: ['namespace', 'cluster', 'hook'],
      registers,
    }),
    policyValid,
    policyReloads: new Counter({
      name: 'refit_policy_reloads_total',
      help: 'Changes of the policy files while the server ran, by result: changed, refused',
      labelNames: ['result'],
      registers,
    }),
    /** Other tasks are not counted: their names hold those of Machines. */
    observeStep(task: TaskView): void {
      const isStep = STEP_NAMES.some((name) => name === task.name);
      if (!isStep || task.startedAt === undefined || task.finishedAt === undefined) return;
      const seconds = (Date.parse(task.finishedAt) - Date.parse(task.startedAt)) / 1000;
      stepDuration.observe({ step: task.name, phase: task.phase }, Math.max(0, seconds));
      const isGivenUp = task.phase === 'Failed' && task.message?.includes(WATCHDOG_GAVE_UP);
      if (isGivenUp && isFlipStep(task.name)) watchdogFired.inc({ step: task.name });
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
