import { afterEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { desiredFile, LOCK_FILE, NODE_RECORD_FILE } from '../../../src/steps/host/folders.ts';
import type { NodeStep } from '../../../src/steps/node/node-step.ts';
import { handOver } from '../../../src/steps/operation/hand-over.ts';
import { launch } from '../../../src/steps/operation/launch.ts';
import { readReport } from '../../../src/steps/operation/records.ts';
import { rollbackInput } from '../../../src/steps/operation/rollback.ts';
import { operationUnit, operationUnitFile } from '../../../src/steps/operation/units.ts';
import { watchdog } from '../../../src/steps/operation/watchdog.ts';
import { createMachine, type Machine } from './machine.ts';
import { DESIRED, OPERATION, plan, recordedStep, steps } from './samples.ts';

const UNIT = operationUnit(OPERATION);
const LIST = plan(['containerd', 'cni', 'kubeadm', 'configure', 'kubelet', 'verify']);
let machine: Machine;
afterEach(async () => {
  await machine.systemd.stopUnit(UNIT);
  await machine.systemd.idle();
  machine.remove();
});

/** Waits for what never comes, until it is stopped. */
const STUCK: NodeStep = {
  name: 'verify',
  prepare: async () => ({ refusals: [], actions: [], notes: [] }),
  problems: async () => ['kubelet: got no answer, expected ok'],
};

/** `kubeadm`: its files can be put back, or it can only be done again. */
async function handedOver(kubeadm: 'back' | 'forward', ...more: readonly NodeStep[]): Promise<void> {
  const restoration: NodeStep['restoration'] = async () => (kubeadm === 'back' ? [] : 'forward');
  machine = createMachine({ steps: steps(recordedStep('kubeadm', { restoration }), ...more) });
  await handOver(machine, LIST, { desired: DESIRED, timeoutSeconds: 60 });
}

async function isStuck(): Promise<void> {
  while (!machine.systemd.journalLines.some((line) => line.includes('verify: waiting'))) {
    await machine.host.clock.sleep(1);
  }
}

/** Steps, in the order in which they were put back. */
const restored = (): string[] =>
  machine.systemd.journalLines.flatMap((line) => /: (\w+): restoring$/.exec(line)?.[1] ?? []);

/** What the steps have made and is not put back. */
const left = (): Promise<string[]> => machine.host.files.list('/done');

async function isFree(): Promise<boolean> {
  const files = [LOCK_FILE, operationUnitFile(OPERATION), desiredFile(OPERATION)];
  const found = await Promise.all(files.map((file) => machine.host.files.status(file)));
  return found.every((status) => status === undefined) && machine.systemd.enabled.size === 0;
}

describe('a step that the watchdog gives up', () => {
  /** verify waits for a kubelet that does not answer. */
  async function givenUp(kubeadm: 'back' | 'forward', isSick = true): Promise<StepReport | undefined> {
    await handedOver(kubeadm, STUCK);
    await isStuck();
    const http = async ({ url }: { url: string }): Promise<never> => {
      throw new StatusError(`GET ${url}: connection refused`, { reason: 'Unavailable' });
    };
    const healthy = async () => ({ status: 200, headers: {}, body: 'ok' });
    const host = { ...machine.host, http: isSick ? http : healthy };
    await watchdog({ ...machine, host }, { operation: OPERATION, step: 'verify', turn: 3 });
    await machine.systemd.idle();
    return readReport(machine.host, OPERATION, 'verify');
  }

  it('has everything that the operation changed put back, the last first, and reported as failed', async () => {
    const report = await givenUp('back');
    expect(restored()).toEqual(['kubelet', 'configure', 'kubeadm', 'cni', 'containerd']);
    expect(await left()).toEqual([]);
    expect(report?.result.outcome).toBe('failed');
    expect(report?.result.message).toMatch(/^watchdog: kubelet: GET .*connection refused; kubelet: restored/);
    expect(report?.result.changes).toContainEqual(expect.objectContaining({ what: 'kubelet', from: 'done' }));
    expect(await isFree()).toBe(true);
  });

  it('keeps the control plane when a newer one has run, and what was configured for it', async () => {
    const report = await givenUp('forward');
    expect(restored()).toEqual(['kubelet', 'cni', 'containerd']);
    expect(await left()).toEqual(['configure', 'kubeadm']);
    expect(report?.result.message).toContain('control plane: not put back');
  });

  it('keeps everything when the node is healthy', async () => {
    const report = await givenUp('back', false);
    expect(restored()).toEqual([]);
    expect(report?.result).toMatchObject({
      outcome: 'failed',
      message: 'watchdog: the node is healthy, but the step does not end',
    });
    expect(await isFree()).toBe(true);
  });
});

describe('a rollback by hand', () => {
  const rollback = async (): Promise<StepReport> =>
    launch(machine, { input: await rollbackInput(machine.host, OPERATION, 'refuse') }, () => undefined);

  it('puts everything back, the last first', async () => {
    await handedOver('back');
    await machine.systemd.idle();
    const { result } = await rollback();
    expect(result).toMatchObject({ step: 'rollback', outcome: 'changed' });
    expect(restored()).toEqual(['kubelet', 'configure', 'kubeadm', 'cni', 'containerd']);
    expect(await left()).toEqual([]);
    await machine.systemd.idle();
    expect(await isFree()).toBe(true);
  });

  it.each([
    ['is forgotten when it is of this operation', OPERATION, false],
    ['is kept when it is of another one', 'other', true],
  ])('what the last operation made of the node %s', async (_name, operation, isKept) => {
    await handedOver('back');
    await machine.systemd.idle();
    const { hash, kubernetes, release, desiredSha256 } = plan();
    const known = { kubeletExtraArgs: [], kubeadmFiles: {}, finishedAt: '2026-01-01T00:00:00.000Z' };
    const record = { version: 1, operation, hash, kubernetes, release, desiredSha256, ...known };
    machine.write(NODE_RECORD_FILE, JSON.stringify(record));
    await rollback();
    expect((await machine.host.files.status(NODE_RECORD_FILE)) !== undefined).toBe(isKept);
  });

  it('can be repeated', async () => {
    await handedOver('back');
    await machine.systemd.idle();
    await rollback();
    await machine.systemd.idle();
    expect((await rollback()).result.outcome).toBe('unchanged');
  });

  it('says aloud that a newer control plane stays', async () => {
    await handedOver('forward');
    await machine.systemd.idle();
    const { result } = await rollback();
    expect(result.message).toContain('a newer etcd or API server has run');
    expect(await left()).toEqual(['configure', 'kubeadm']);
  });

  it('goes on after a step that cannot be put back, and fails', async () => {
    const failing = recordedStep('kubelet', {
      restoration: () => Promise.reject(new StatusError('systemctl: exit code 1', { reason: 'Failed' })),
    });
    await handedOver('back', failing);
    await machine.systemd.idle();
    const { result } = await rollback();
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain('kubelet: not restored: systemctl: exit code 1');
    expect(await left()).toEqual(['kubelet']);
  });

  it('is refused while the operation works', async () => {
    await handedOver('back', STUCK);
    await expect(rollback()).rejects.toMatchObject({
      reason: 'Failed',
      message: `operation ${OPERATION} still works on this node: cancel it first`,
    });
    expect(restored()).toEqual([]);
  });

  it('is refused while another operation holds the node', async () => {
    await handedOver('back');
    await machine.systemd.idle();
    machine.write(LOCK_FILE, '{"operation":"other"}');
    machine.write(operationUnitFile('other'), '');
    await expect(rollback()).rejects.toThrow('host lock: held by operation other');
    expect(restored()).toEqual([]);
  });

  it('takes away a unit that does not work, so that no reboot goes on with it', async () => {
    await handedOver('back', STUCK);
    await isStuck();
    await machine.systemd.stopUnit(UNIT);
    expect((await rollback()).result.outcome).toBe('changed');
    await machine.systemd.idle();
    expect(await isFree()).toBe(true);
  });

  it('is refused for an operation that left no plan', async () => {
    machine = createMachine();
    await expect(rollback()).rejects.toMatchObject({
      reason: 'BadInput',
      message: expect.stringContaining('plan.json: got nothing'),
    });
  });
});
