import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../src/api/clock.ts';
import { backupFolder, LOCK_FILE, logFile, planFile } from '../../../src/steps/host/folders.ts';
import type { NodeCommand } from '../../../src/api/commands.ts';
import {
  begunFile,
  drainedFile,
  handOverFile,
  waitingFile,
  writeReport,
} from '../../../src/steps/operation/records.ts';
import { makeReport } from '../../../src/steps/operation/reports.ts';
import { nodeStatus, type OperationStatus } from '../../../src/steps/operation/status.ts';
import { operationUnit, operationUnitFile, stepUnit } from '../../../src/steps/operation/units.ts';
import { createMachine, type Machine } from './machine.ts';
import { OPERATION, plan } from './samples.ts';
import { sleepingClock } from './sleeping-clock.ts';

let clock: Clock;
let machine: Machine;
beforeEach(() => {
  clock = sleepingClock();
  machine = createMachine({ clock });
});
afterEach(() => machine.remove());

async function reported(
  step: NodeCommand,
  outcome: 'changed' | 'failed' | 'cancelled',
  message = 'm',
): Promise<void> {
  await writeReport(machine.host, makeReport({ operation: OPERATION, step }, outcome, message, { clock }));
}

function handedOver(listed = plan().steps): void {
  machine.write(planFile(OPERATION), JSON.stringify({ ...plan(), steps: listed }));
  machine.write(handOverFile(OPERATION), '{"planSha256":"x","bootId":"y","at":"z"}');
  machine.write(operationUnitFile(OPERATION), '');
}

const begun = (step: string): void =>
  machine.write(
    begunFile(OPERATION, step),
    `{"startedAt":"${clock.now().toISOString()}","watchdogAt":"2026-01-01T00:07:00.000Z"}`,
  );

async function status(): Promise<OperationStatus | undefined> {
  return (await nodeStatus(machine)).operations[0];
}

describe('the status of a node', () => {
  it('is told when nothing was ever done on it', async () => {
    expect(await nodeStatus(machine)).toEqual({ node: 'worker-1', operations: [], backups: [] });
  });

  it('tells lock and backups, and takes no other folder for an operation', async () => {
    machine.write(LOCK_FILE, `{"operation":"${OPERATION}"}`);
    machine.write(`${backupFolder(OPERATION)}/complete`, '');
    for (const folder of ['program/0a', 'stage/v1.34.3-1']) machine.write(`/var/lib/refit/${folder}/x`, '');
    expect(await nodeStatus(machine)).toEqual({
      node: 'worker-1',
      lock: OPERATION,
      operations: [],
      backups: [OPERATION],
    });
  });

  it('tells the newest operation first, or one alone', async () => {
    const { utimesSync } = await import('node:fs');
    for (const [index, operation] of ['a-1', 'a-3', 'a-2'].entries()) {
      machine.write(logFile(operation, 'stage'), '');
      utimesSync(`${machine.root}/var/lib/refit/${operation}`, 0, [10, 30, 20][index] ?? 0);
    }
    const { operations } = await nodeStatus(machine);
    expect(operations.map(({ operation }) => operation)).toEqual(['a-3', 'a-2', 'a-1']);
    expect((await nodeStatus(machine, 'a-2')).operations).toHaveLength(1);
  });
});

describe('an operation', () => {
  it('that works tells the step, since when, and when its watchdog looks', async () => {
    handedOver();
    await reported('backup', 'changed');
    begun('kubeadm');
    await clock.sleep(72);
    machine.systemd.told.set(operationUnit(OPERATION), 'active');
    expect(await status()).toEqual({
      operation: OPERATION,
      state: 'running',
      kubernetes: 'v1.34.3',
      unit: 'active',
      steps: [
        expect.objectContaining({ step: 'backup', state: 'changed', seconds: 0, message: 'm' }),
        {
          step: 'kubeadm',
          state: 'running',
          startedAt: '2026-01-01T00:00:00.000Z',
          seconds: 72,
          watchdogAt: '2026-01-01T00:07:00.000Z',
        },
        { step: 'kubelet', state: 'waiting' },
        { step: 'verify', state: 'waiting' },
      ],
    });
  });

  it('that waits for its drain tells for which step, and how long at most', async () => {
    const until = '2026-01-01T01:00:00.000Z';
    handedOver(plan().steps.map((step) => (step.name === 'kubelet' ? { ...step, waitSeconds: 3600 } : step)));
    await reported('kubeadm', 'changed');
    machine.write(waitingFile(OPERATION), JSON.stringify({ since: '2026-01-01T00:00:00.000Z', until }));
    machine.systemd.told.set(operationUnit(OPERATION), 'active');
    expect(await status()).toMatchObject({
      state: 'waiting',
      steps: [
        { step: 'kubeadm', state: 'changed' },
        { step: 'kubelet', state: 'waiting', message: `for drain, until ${until} at most` },
        { step: 'verify', state: 'waiting' },
      ],
    });
    machine.write(drainedFile(OPERATION), '{}');
    expect(await status()).toMatchObject({ state: 'running' });
  });

  it('whose quiet step works tells that one', async () => {
    begun('backup');
    machine.systemd.told.set(stepUnit(OPERATION, 'backup'), 'active');
    expect(await status()).toMatchObject({ state: 'running', steps: [{ step: 'backup', state: 'running' }] });
  });

  it.each<[string, string, () => Promise<void> | void]>([
    [
      'prepared',
      'has its plan, and nothing was handed over',
      () => machine.write(planFile(OPERATION), JSON.stringify(plan())),
    ],
    ['waiting', 'was booted before its first step', () => handedOver()],
    [
      'interrupted',
      'has a unit that failed too often',
      () => {
        handedOver();
        begun('kubeadm');
        machine.systemd.told.set(operationUnit(OPERATION), 'failed');
      },
    ],
    [
      'done',
      'has all its reports',
      async () => {
        handedOver();
        await machine.host.files.remove(operationUnitFile(OPERATION));
        for (const step of ['kubeadm', 'kubelet', 'verify'] as const) await reported(step, 'changed');
      },
    ],
    ['done', 'had nothing to do on this node', () => reported('finish', 'changed')],
    [
      'failed',
      'has a step that failed',
      async () => {
        await reported('kubeadm', 'failed');
        await reported('finish', 'changed');
      },
    ],
    ['cancelled', 'was told to stop', () => reported('kubelet', 'cancelled')],
    [
      'rolled back',
      'was put back after a failure',
      async () => {
        await reported('kubeadm', 'failed');
        await reported('rollback', 'changed');
      },
    ],
  ])('is %s when it %s', async (state, _name, arrange) => {
    await arrange();
    expect((await status())?.state).toBe(state);
  });

  it('whose plan is damaged is told nevertheless', async () => {
    machine.write(planFile(OPERATION), '{');
    await reported('stage', 'failed', 'disk: full');
    expect(await status()).toMatchObject({ state: 'failed', steps: [{ message: 'disk: full' }] });
  });
});
