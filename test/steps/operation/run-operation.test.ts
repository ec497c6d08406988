import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { hostPlanDigest, type HostPlan } from '../../../src/api/host-plan.ts';
import type { FlipStep } from '../../../src/api/steps.ts';
import { cancelFile, desiredFile, LOCK_FILE, planFile } from '../../../src/steps/host/folders.ts';
import type { NodeStep } from '../../../src/steps/node/node-step.ts';
import { handOver } from '../../../src/steps/operation/hand-over.ts';
import { readReport } from '../../../src/steps/operation/records.ts';
import { operationUnit, operationUnitFile, watchdogUnit } from '../../../src/steps/operation/units.ts';
import { createMachine, type Machine } from './machine.ts';
import { DESIRED, gatedStep, OPERATION, plan, recordedStep, steps } from './samples.ts';

const UNIT = operationUnit(OPERATION);
const LIST: readonly FlipStep[] = ['containerd', 'kubeadm', 'kubelet', 'verify'];
let machine: Machine;
/** The steps as they were performed. */
let performed: string[];
beforeEach(() => {
  performed = [];
});
afterEach(async () => {
  await machine.systemd.idle();
  machine.remove();
});

/** Notes when it is performed. */
function noted(step: NodeStep): NodeStep {
  return {
    ...step,
    prepare: (host, context) => {
      performed.push(step.name);
      return step.prepare(host, context);
    },
  };
}

async function handedOver(given: HostPlan, ...more: readonly NodeStep[]): Promise<void> {
  const all = new Map([...steps(...more)].map(([name, step]) => [name, noted(step)]));
  machine = createMachine({ steps: all });
  await handOver(machine, given, { desired: DESIRED, timeoutSeconds: 60 });
}

/** Handed over, but its unit not started yet. */
async function prepared(): Promise<void> {
  machine = createMachine({ steps: new Map([...steps()].map(([name, step]) => [name, noted(step)])) });
  const systemd = { ...machine.systemd, start: async () => undefined };
  await handOver({ ...machine, systemd }, plan(LIST), { desired: DESIRED, timeoutSeconds: 60 });
}

async function outcomes(given = LIST): Promise<(string | undefined)[]> {
  const reports = await Promise.all(given.map((name) => readReport(machine.host, OPERATION, name)));
  return reports.map((report) => report?.result.outcome);
}

async function message(step: FlipStep): Promise<string | undefined> {
  return (await readReport(machine.host, OPERATION, step))?.result.message;
}

const isFree = async (): Promise<boolean> => {
  const files = [LOCK_FILE, operationUnitFile(OPERATION), desiredFile(OPERATION)];
  const found = await Promise.all(files.map((file) => machine.host.files.status(file)));
  return found.every((status) => status === undefined) && machine.systemd.enabled.size === 0;
};

describe('the unit of an operation', () => {
  it('does the list in order, with a report for each step, and frees the node', async () => {
    await handedOver(plan(LIST));
    await machine.systemd.idle();
    expect(performed).toEqual(LIST);
    expect(await outcomes()).toEqual(['changed', 'changed', 'changed', 'unchanged']);
    expect(await isFree()).toBe(true);
  });

  it('gives each step its own journal identifier', async () => {
    await handedOver(plan(LIST));
    await machine.systemd.idle();
    const identifiers = machine.systemd.journalLines.map((line) => line.split(':')[0]);
    expect([...new Set(identifiers)]).toEqual(LIST.map((name) => `refit-${name}`));
  });

  it('ends the list when a step fails; the later ones say why they did not begin', async () => {
    const failing = recordedStep('kubeadm', {
      prepare: async () => ({
        refusals: ['etcd: got 2 healthy members, expected 3'],
        actions: [],
        notes: [],
      }),
    });
    await handedOver(plan(LIST), failing);
    await machine.systemd.idle();
    expect(performed).toEqual(['containerd', 'kubeadm']);
    expect(await outcomes()).toEqual(['changed', 'failed', 'failed', 'failed']);
    expect(await message('verify')).toBe('not begun: step kubeadm failed');
    expect(await isFree()).toBe(true);
  });

  it('fails a step that breaks, with what broke it, and does not run it for ever', async () => {
    const broken = recordedStep('kubeadm', { prepare: () => Promise.reject(new TypeError('no such thing')) });
    await handedOver(plan(LIST), broken);
    await machine.systemd.idle();
    expect(await message('kubeadm')).toContain('unexpected TypeError: no such thing');
    expect(await isFree()).toBe(true);
  });

  it('tries what may pass again, within the time of the step', async () => {
    let answers = 2;
    const slow = recordedStep('kubeadm');
    const step: NodeStep = {
      ...slow,
      prepare: (host, context) => {
        answers -= 1;
        if (answers >= 0) throw new StatusError('GET /livez: no answer', { reason: 'Unavailable' });
        return slow.prepare(host, context);
      },
    };
    await handedOver(plan(LIST), step);
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'changed', 'changed', 'unchanged']);
  });

  it('gives up what does not pass', async () => {
    const trouble = new StatusError('GET /livez: no answer', { reason: 'Unavailable' });
    const step = recordedStep('kubeadm', { prepare: () => Promise.reject(trouble) });
    const short: HostPlan = { ...plan(), steps: [{ name: 'kubeadm', timeoutSeconds: 8 }] };
    await handedOver(short, step);
    await machine.systemd.idle();
    expect(await outcomes(['kubeadm'])).toEqual(['failed']);
    expect(await message('kubeadm')).toBe('GET /livez: no answer');
  });
});

describe('the cancel mark', () => {
  it('is honoured before the next step, not within one', async () => {
    const { step, begun, open } = gatedStep('kubeadm');
    await handedOver(plan(LIST), step);
    await begun;
    machine.write(cancelFile(OPERATION), '');
    open();
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'changed', 'cancelled', 'cancelled']);
    expect(performed).not.toContain('kubelet');
    expect(await message('kubelet')).toBe('not begun: the operation was told to stop');
    expect(await isFree()).toBe(true);
  });

  it('does not hide that a step failed', async () => {
    const { step, begun, open } = gatedStep('kubeadm');
    const list = plan(['kubeadm', 'kubelet']).steps.map((row) => ({ ...row, timeoutSeconds: 60 }));
    await handedOver(
      { ...plan(), steps: list },
      { ...step, problems: async () => ['etcd: got no leader, expected one'] },
    );
    await begun;
    machine.write(cancelFile(OPERATION), '');
    open();
    await machine.systemd.idle();
    expect(await outcomes(['kubeadm', 'kubelet'])).toEqual(['failed', 'failed']);
  });
});

describe('a unit that is stopped in the middle', () => {
  /** Stopped while kubeadm is at work. */
  async function stoppedInKubeadm(): Promise<void> {
    const { step, begun, open } = gatedStep('kubeadm');
    let isFirst = true;
    const twoCommands = recordedStep('kubeadm', {
      prepare: async (host, context) => {
        const work = await recordedStep('kubeadm').prepare(host, context);
        const waiting = isFirst ? (await step.prepare(host, context)).actions : [];
        isFirst = false;
        return { ...work, actions: [...waiting, ...work.actions] };
      },
    });
    await handedOver(plan(LIST), twoCommands);
    await begun;
    const stopped = machine.systemd.stopUnit(UNIT);
    open();
    await stopped;
  }

  it('ends between two commands, with no report and with its watchdog on', async () => {
    await stoppedInKubeadm();
    expect(await outcomes()).toEqual(['changed', undefined, undefined, undefined]);
    expect(await machine.host.files.status('/done/kubeadm')).toBeUndefined();
    expect([...machine.systemd.timers.keys()]).toEqual([watchdogUnit(OPERATION, 'kubeadm', 0)]);
  });

  it('goes on at the first step without a report', async () => {
    await stoppedInKubeadm();
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
    expect(performed).toEqual(['containerd', 'kubeadm', 'kubeadm', 'kubelet', 'verify']);
    expect(await outcomes()).toEqual(['changed', 'changed', 'changed', 'unchanged']);
    expect(machine.systemd.timers.size).toBe(0);
  });

  it('goes on after a reboot too, by itself', async () => {
    await stoppedInKubeadm();
    expect(machine.systemd.enabled).toEqual(new Set([UNIT]));
    machine.write('/proc/sys/kernel/random/boot_id', 'another\n');
    machine.systemd.timers.clear();
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['changed', 'changed', 'changed', 'unchanged']);
  });
});

describe('a plan found after a reboot before its first step', () => {
  /** The machine went down when the unit was enabled and not yet started. */
  async function rebooted(): Promise<void> {
    await prepared();
    machine.write('/proc/sys/kernel/random/boot_id', 'another\n');
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
  }

  it('waits for a fresh launch: nothing is done, everything is kept', async () => {
    await rebooted();
    expect(performed).toEqual([]);
    expect(await machine.host.files.status(desiredFile(OPERATION))).toBeDefined();
    expect(machine.lines.join()).toContain('waits for a fresh launch');
    expect(JSON.parse(machine.read(LOCK_FILE))).toEqual({ operation: OPERATION });
  });

  it('is done when that launch comes', async () => {
    await rebooted();
    await handOver(machine, plan(LIST), { timeoutSeconds: 60 });
    await machine.systemd.idle();
    expect(performed).toEqual(LIST);
    expect(await isFree()).toBe(true);
  });

  it('ends when it was told to stop', async () => {
    await rebooted();
    machine.write(cancelFile(OPERATION), '');
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
    expect(await outcomes()).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled']);
    expect(await isFree()).toBe(true);
  });
});

describe('every start of the unit refuses', () => {
  it.each([
    [
      'a plan that is not the one handed over',
      () => machine.write(planFile(OPERATION), JSON.stringify(plan(['kubelet']))),
      `sha256: got "${hostPlanDigest(plan(['kubelet']))}", expected ${hostPlanDigest(plan(LIST))}`,
    ],
    [
      'a plan of another operation',
      () => machine.write(planFile(OPERATION), JSON.stringify(plan(LIST, 'other'))),
      `operation: got "other", expected ${OPERATION}`,
    ],
    [
      'a plan of another machine',
      () => machine.write('/etc/machine-id', `${'f'.repeat(32)}\n`),
      'plan.node.machineID: got "0123456789abcdef0123456789abcdef", expected ffffffff',
    ],
    [
      'a plan of another Node',
      () => machine.write('/proc/sys/kernel/hostname', 'worker-2\n'),
      'plan.node.name: got "worker-1", expected worker-2 (host name)',
    ],
    [
      'a node that another operation holds',
      () => {
        machine.write(LOCK_FILE, '{"operation":"other"}');
        machine.write(operationUnitFile('other'), '');
      },
      'host lock: held by operation other',
    ],
  ])('%s', async (_name, change, text) => {
    await prepared();
    change();
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
    expect(machine.lines.join()).toContain(text);
    expect(performed).toEqual([]);
    expect(await outcomes()).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('file contents that are not those of the plan: the step fails', async () => {
    await prepared();
    machine.write(desiredFile(OPERATION), JSON.stringify({ ...DESIRED, certSANs: ['evil'] }));
    await machine.systemd.start(UNIT);
    await machine.systemd.idle();
    expect(performed).toEqual([]);
    expect(await message('containerd')).toMatch(
      /desired\.json: sha256: got [0-9a-f]{64}, expected [0-9a-f]{64}/,
    );
  });
});
