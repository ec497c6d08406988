// Gauges with one series for each Machine that a person may have to look at, read at each scrape.
import { Gauge, type Registry } from 'prom-client';
import { BLOCKED_ANNOTATION } from '../api/labels.ts';
import { machineTask } from '../api/names.ts';
import { isFinal, knownRecord, workflowNameOf, type OperationRecord } from '../api/operation.ts';
import { lastProgress } from './last-progress.ts';
import type { MachineView, Store } from './store.ts';

export interface MachineSource {
  machines: () => Iterable<MachineView>;
  workflow: Store['workflow'];
}

const labelNames = ['namespace', 'cluster', 'machine', 'node'] as const;

export function registerMachineMetrics(registry: Registry, { machines, workflow }: MachineSource): void {
  const registers = [registry];

  // Machines whose operation ended well are not in it: they are most, and nobody asks for them.
  new Gauge({
    name: 'refit_machine_operation',
    help: '1 for each Machine with an operation that is under way (starting, running, stopping) or failed',
    labelNames: [...labelNames, 'state'],
    registers,
    collect() {
      this.reset();
      for (const { machine, record } of withRecord(machines())) {
        if (isFinal(record) && record.state !== 'failed') continue;
        this.set({ ...labelsOf(machine), state: record.state }, 1);
      }
    },
  });

  new Gauge({
    name: 'refit_operation_last_progress_timestamp_seconds',
    help: 'When an operation under way last began or ended a step; absent while it waits for its turn',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { machine, record } of withRecord(machines())) {
        if (isFinal(record)) continue;
        const name = workflowNameOf(machine, record);
        const found = workflow(machine.namespace, name);
        // One of an owner does the work of several Machines.
        const own = found?.tasks.find((task) => task.name === machineTask(machine.name))?.steps;
        const at = lastProgress(record.startedAt, found, own);
        if (at !== undefined) this.set(labelsOf(machine), at);
      }
    },
  });

  new Gauge({
    name: 'refit_machine_blocked',
    help: '1 for each Machine on which nothing is started until a person says so',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const machine of machines()) {
        if (BLOCKED_ANNOTATION in machine.annotations) this.set(labelsOf(machine), 1);
      }
    },
  });
}

function* withRecord(
  machines: Iterable<MachineView>,
): Generator<{ machine: MachineView; record: OperationRecord }> {
  for (const machine of machines) {
    const record = knownRecord(machine.annotations);
    if (record !== undefined) yield { machine, record };
  }
}

function labelsOf({ namespace, cluster, name, nodeName }: MachineView) {
  return { namespace, cluster, machine: name, node: nodeName ?? '' };
}
