import { afterEach, describe, expect, it } from '@jest/globals';
import { waitingAsNeeded, type HostPlan } from '../../../src/api/host-plan.ts';
import { FLIP_CHANGE } from '../../../src/api/step-result.ts';
import type { FlipStep } from '../../../src/api/steps.ts';
import { cancelFile, LOCK_FILE, logFile } from '../../../src/steps/host/folders.ts';
import type { NodeStep } from '../../../src/steps/node/node-step.ts';
import { handOver } from '../../../src/steps/operation/hand-over.ts';
import { begunFile, drainedFile, readReport, waitingFile } from '../../../src/steps/operation/records.ts';
import { operationUnit, operationUnitFile } from '../../../src/steps/operation/units.ts';
import { createMachine, type Machine } from './machine.ts';
import { DESIRED, OPERATION, recordedStep, steps, waitingPlan } from './samples.ts';

const UNIT = operationUnit(OPERATION);
const NAMES: readonly FlipStep[] = ['kubeadm', 'kubelet', 'verify'];
let machine: Machine;
afterEach(async () => {
  await machine.systemd.idle();
  machine.remove();
});

async function handedOver(waitSeconds?: number, ...more: readonly NodeStep[]): Promise<void> {
  await handedOverPlan(waitingPlan(waitSeconds), ...more);
}

async function handedOverPlan(plan: HostPlan, ...more: readonly NodeStep[]): Promise<void> {
  machine = createMachine({ steps: steps(...more) });
  await handOver(machine, plan, { desired: DESIRED, timeoutSeconds: 60 });
}

/** Handed over, and as far as it gets undrained. */
async function atDrain(): Promise<void> {
  await handedOver();
  while (!(await isThere(waitingFile(OPERATION)))) await machine.host.clock.sleep(0.2);
}

const letOn = (): void => machine.write(drainedFile(OPERATION), '{}');

async function isThere(file: string): Promise<boolean> {
  return (await machine.host.files.status(file)) !== undefined;
}

async function isFree(): Promise<boolean> {
  return !(await isThere(LOCK_FILE)) && !(await isThere(operationUnitFile(OPERATION)));
}

async function outcomes(): Promise<(string | undefined)[]> {
  const reports = await Promise.all(NAMES.map((name) => readReport(machine.host, OPERATION, name)));
  return reports.map((report) => report?.result.outcome);
}

async function message(step: FlipStep): Promise<string | undefined> {
  return (await readReport(machine.host, OPERATION, step))?.result.message;
}

describe('a step that waits for the drain', () => {
  it('begins when a launch lets it, and what comes before it does not wait', async () => {
    await atDrain();
    expect(await outcomes()).toEqual(['changed', undefined, undefined]);
    letOn();
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'changed', 'unchanged']);
    expect(await isFree()).toBe(true);
  });

  it('does not wait when it was drained before', async () => {
    machine = createMachine({ steps: steps() });
    await handOver(
      { ...machine, systemd: { ...machine.systemd, start: async () => undefined } },
      waitingPlan(),
      { desired: DESIRED, timeoutSeconds: 60 },
    );
    letOn();
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'changed', 'unchanged']);
    expect(await isThere(waitingFile(OPERATION))).toBe(false);
  });

  it.each([
    ['does not wait behind a flip', FLIP_CHANGE, ['changed', 'changed', 'unchanged']],
    ['waits where kubeadm was changed otherwise', '/usr/bin/kubeadm', ['changed', 'failed', 'failed']],
  ])('unless flipped, %s', async (_, what, expected) => {
    const plan = waitingPlan(20);
    const flipping = recordedStep('kubeadm', {
      prepare: async () => ({
        refusals: [],
        actions: [{ do: 'work', what, perform: async () => undefined, change: { what } }],
        notes: [],
      }),
      problems: async () => [],
    });
    await handedOverPlan({ ...plan, steps: waitingAsNeeded(plan.steps, 'unless-flipped') }, flipping);
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(expected);
  });

  it('has no watchdog meanwhile, and says in its log what it waits for', async () => {
    await atDrain();
    expect(machine.systemd.timers.size).toBe(0);
    expect(machine.read(logFile(OPERATION, 'kubelet'))).toBe('kubelet: waits for drain\n');
    letOn();
  });

  it('is not waited for when a step before it failed', async () => {
    const failing = recordedStep('kubeadm', {
      prepare: async () => ({ refusals: ['etcd: got no leader'], actions: [], notes: [] }),
    });
    await handedOver(undefined, failing);
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['failed', 'failed', 'failed']);
    expect(await message('kubelet')).toBe('not begun: step kubeadm failed');
  });

  it('does not begin when the operation is told to stop: what is done stays', async () => {
    await atDrain();
    machine.write(cancelFile(OPERATION), '');
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'cancelled', 'cancelled']);
    expect(await isThere('/done/kubeadm')).toBe(true);
    expect(await isThere('/done/kubelet')).toBe(false);
    expect(await isFree()).toBe(true);
  });

  it('is given up when nobody comes, and frees the node', async () => {
    await handedOver(20);
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'failed', 'failed']);
    expect(await message('kubelet')).toBe('not begun: nobody has drained the node in 20 s');
    expect(await message('verify')).toBe('not begun: step kubelet failed');
    expect(await isFree()).toBe(true);
  });

  it('goes on waiting when its unit is stopped and started, for no longer than at first', async () => {
    await atDrain();
    await machine.systemd.stopUnit(UNIT);
    expect(await outcomes()).toEqual(['changed', undefined, undefined]);
    const waiting = JSON.parse(machine.read(waitingFile(OPERATION))) as { since: string; until: string };
    machine.write(waitingFile(OPERATION), JSON.stringify({ ...waiting, until: waiting.since }));
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
    expect(await message('kubelet')).toContain('nobody has drained the node');
  });

  it('goes on waiting after a reboot, by itself', async () => {
    await atDrain();
    await machine.systemd.stopUnit(UNIT);
    machine.write('/proc/sys/kernel/random/boot_id', 'another\n');
    await machine.systemd.start(UNIT);
    await machine.host.clock.sleep(5);
    expect(await outcomes()).toEqual(['changed', undefined, undefined]);
    letOn();
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'changed', 'unchanged']);
  });

  it('does not wait again when it was begun and killed', async () => {
    await atDrain();
    await machine.systemd.stopUnit(UNIT);
    machine.write(begunFile(OPERATION, 'kubelet'), '{"startedAt":"2026-01-01T00:00:00.000Z"}');
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'changed', 'unchanged']);
  });
});
