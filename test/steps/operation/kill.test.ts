import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { desiredFile, LOCK_FILE } from '../../../src/steps/host/folders.ts';
import { finishOperation } from '../../../src/steps/operation/finish.ts';
import { handOver } from '../../../src/steps/operation/hand-over.ts';
import { drainedFile, readReport } from '../../../src/steps/operation/records.ts';
import { runOperation } from '../../../src/steps/operation/run-operation.ts';
import { operationUnitFile } from '../../../src/steps/operation/units.ts';
import { createMachine, type Machine } from './machine.ts';
import { DESIRED, input, OPERATION, stepsOfManyCommands, waitingPlan } from './samples.ts';

const PROCESS = fileURLToPath(new URL('run-process.ts', import.meta.url));
/** The kubelet waits for the drain: the process is let on by itself as soon as it waits. */
const PLAN = { ...waitingPlan(), steps: waitingPlan().steps.slice(0, 2) };
const AT_ONCE = 3;
/** Files that must be there (true) or not when a step is reported done. */
const EFFECTS = { kubeadm: { '/etc/new': true, '/etc/old': false }, kubelet: { '/done/kubelet': true } };

async function handedOver(): Promise<Machine> {
  const machine = createMachine();
  machine.write('/etc/old', 'old\n');
  machine.systemd.start = async () => undefined;
  await handOver(machine, PLAN, { desired: DESIRED, timeoutSeconds: 60 });
  return machine;
}

/** True: killed; false: it came to its end before that. */
async function runKilledAt(machine: Machine, change: number): Promise<boolean> {
  const args = ['--disable-warning=ExperimentalWarning', PROCESS, machine.root, String(change)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== 'SIGKILL') expect(code).toBe(0);
  return signal === 'SIGKILL';
}

async function expectReportedEffects(machine: Machine): Promise<number> {
  let reported = 0;
  for (const [step, files] of Object.entries(EFFECTS)) {
    const report = await readReport(machine.host, OPERATION, step);
    if (report === undefined) continue;
    reported += 1;
    expect(report.result.outcome).toBe('changed');
    for (const [file, isThere] of Object.entries(files)) {
      expect([file, (await machine.host.files.status(file)) !== undefined]).toEqual([file, isThere]);
    }
  }
  return reported;
}

/** As systemd does, or the exit handler when the unit had taken itself away already. */
async function resume(machine: Machine): Promise<void> {
  if ((await machine.host.files.status(operationUnitFile(OPERATION))) === undefined) {
    const report = await finishOperation(machine, input('finish', PLAN, { workflowStatus: 'Succeeded' }));
    expect(report.outputs).toEqual({ host: 'idle' });
    return;
  }
  const { signal } = new AbortController();
  expect(await runOperation(machine, stepsOfManyCommands(), { operation: OPERATION, signal })).toBe('ended');
}

async function killAt(change: number): Promise<boolean> {
  const machine = await handedOver();
  try {
    const isKilled = await runKilledAt(machine, change);
    await expectReportedEffects(machine);
    machine.write(drainedFile(OPERATION), '{}');
    if (isKilled) await resume(machine);
    expect(await expectReportedEffects(machine)).toBe(2);
    for (const file of [LOCK_FILE, operationUnitFile(OPERATION), desiredFile(OPERATION)]) {
      expect(await machine.host.files.status(file)).toBeUndefined();
    }
    return isKilled;
  } finally {
    machine.remove();
  }
}

it('a unit that is killed before any of its changes goes on where it was, and no report tells what is not so', async () => {
  let kills = 0;
  for (;;) {
    const points = Array.from({ length: AT_ONCE }, (_, index) => kills + index + 1);
    const killed = await Promise.all(points.map(killAt));
    kills += killed.filter(Boolean).length;
    if (killed.includes(false)) break;
  }
  expect(kills).toBeGreaterThan(20);
}, 120_000);
