import { afterEach, describe, expect, it } from '@jest/globals';
import type { StepReport } from '../../../src/api/step-result.ts';
import { cancelFile, desiredFile, LOCK_FILE, operationFolder } from '../../../src/steps/host/folders.ts';
import { renderedFile } from '../../../src/steps/node/flip/flip-folder.ts';
import type { NodeStep } from '../../../src/steps/node/node-step.ts';
import { cancel } from '../../../src/steps/operation/cancel.ts';
import { handOver } from '../../../src/steps/operation/hand-over.ts';
import { launch } from '../../../src/steps/operation/launch.ts';
import { stepInputFile } from '../../../src/steps/operation/node-input.ts';
import { readReport } from '../../../src/steps/operation/records.ts';
import { operationUnit, operationUnitFile } from '../../../src/steps/operation/units.ts';
import { createMachine, type Machine } from './machine.ts';
import { DESIRED, gatedStep, input, OPERATION, plan, steps } from './samples.ts';

const UNIT = operationUnit(OPERATION);
let machine: Machine;
afterEach(async () => {
  await machine.systemd.idle();
  machine.remove();
});

async function handedOver(...more: readonly NodeStep[]): Promise<void> {
  machine = createMachine({ steps: steps(...more) });
  await handOver(machine, plan(), { desired: DESIRED, timeoutSeconds: 60 });
}

function finish(workflowStatus: string, timeoutSeconds = 300): Promise<StepReport> {
  const given = input('finish', plan(), { workflowStatus, timeoutSeconds });
  return launch(machine, { input: given }, () => undefined);
}

async function isFree(): Promise<boolean> {
  const files = [
    LOCK_FILE,
    operationUnitFile(OPERATION),
    desiredFile(OPERATION),
    stepInputFile(OPERATION, 'stage'),
    renderedFile(OPERATION, 'etcd'),
  ];
  const found = await Promise.all(files.map((file) => machine.host.files.status(file)));
  return found.every((status) => status === undefined) && machine.systemd.enabled.size === 0;
}

describe('finish', () => {
  it('finds an idle node after an operation that ended well, and marks nothing', async () => {
    await handedOver();
    await machine.systemd.idle();
    const { result, outputs } = await finish('Succeeded');
    expect(result).toMatchObject({ step: 'finish', outcome: 'unchanged' });
    expect(outputs).toEqual({ host: 'idle' });
    expect(await machine.host.files.status(cancelFile(OPERATION))).toBeUndefined();
  });

  it('frees a node on which only quiet steps were done', async () => {
    machine = createMachine({ steps: steps() });
    await launch(machine, { input: input('stage', plan(), { planSha256: '' }) }, () => undefined);
    await machine.systemd.idle();
    machine.write(stepInputFile(OPERATION, 'stage'), '{}');
    machine.write(renderedFile(OPERATION, 'etcd'), 'kind: Pod');
    expect(await isFree()).toBe(false);
    expect((await finish('Failed')).outputs).toEqual({ host: 'idle' });
    expect(await isFree()).toBe(true);
  });

  it.each(['Failed', 'Error'])(
    'of a Workflow that is %s stops the unit at the next boundary',
    async (status) => {
      const { step, begun, open } = gatedStep('kubeadm');
      await handedOver(step);
      await begun;
      const finished = finish(status);
      while ((await machine.host.files.status(cancelFile(OPERATION))) === undefined) {
        await machine.host.clock.sleep(1);
      }
      open();
      expect((await finished).outputs).toEqual({ host: 'idle' });
      const kubelet = await readReport(machine.host, OPERATION, 'kubelet');
      expect(kubelet?.result.outcome).toBe('cancelled');
      expect(await isFree()).toBe(true);
    },
  );

  it('says that the node still works when that lasts too long, and takes nothing from it', async () => {
    const { step, begun, open } = gatedStep('kubeadm');
    await handedOver(step);
    await begun;
    const { result, outputs } = await finish('Failed', 4);
    expect(outputs).toEqual({ host: 'working' });
    expect(result.message).toContain('still works on it after 4 s');
    expect(await machine.host.files.status(LOCK_FILE)).toBeDefined();
    expect(await machine.host.files.status(operationUnitFile(OPERATION))).toBeDefined();
    open();
  });

  it('takes away a unit that does not work any more', async () => {
    const { step, begun, open } = gatedStep('kubeadm');
    await handedOver(step);
    await begun;
    const stopped = machine.systemd.stopUnit(UNIT);
    open();
    await stopped;
    expect((await finish('Failed')).outputs).toEqual({ host: 'idle' });
    expect(await isFree()).toBe(true);
  });

  it('leaves a node alone that never heard of the operation, and its lock with whoever holds it', async () => {
    machine = createMachine();
    machine.write(LOCK_FILE, '{"operation":"other"}');
    expect((await finish('Failed')).outputs).toEqual({ host: 'idle' });
    expect(await machine.host.files.status(operationFolder(OPERATION))).toBeUndefined();
    expect(JSON.parse(machine.read(LOCK_FILE))).toEqual({ operation: 'other' });
  });

  it('keeps a launch that comes after it from doing anything', async () => {
    machine = createMachine({ steps: steps() });
    await launch(machine, { input: input('stage', plan(), { planSha256: '' }) }, () => undefined);
    await finish('Failed');
    const late = await launch(
      machine,
      { input: input('stage', plan(), { planSha256: '' }) },
      () => undefined,
    );
    expect(late.result.outcome).toBe('cancelled');
    expect(await machine.host.files.status(desiredFile(OPERATION))).toBeUndefined();
  });
});

describe('cancel, by hand', () => {
  it('lets the present step end and nothing else begin', async () => {
    const { step, begun, open } = gatedStep('kubeadm');
    await handedOver(step);
    await begun;
    expect(await cancel(machine, OPERATION)).toContain('ends when its present step has ended');
    open();
    await machine.systemd.idle();
    const [kubeadm, kubelet] = await Promise.all(
      ['kubeadm', 'kubelet'].map((name) => readReport(machine.host, OPERATION, name)),
    );
    expect([kubeadm?.result.outcome, kubelet?.result.outcome]).toEqual(['changed', 'cancelled']);
  });

  it('starts a unit that does not work, so that it frees the node', async () => {
    const { step, begun, open } = gatedStep('kubeadm');
    await handedOver(step);
    await begun;
    const stopped = machine.systemd.stopUnit(UNIT);
    open();
    await stopped;
    expect(await cancel(machine, OPERATION)).toContain('ends now');
    await machine.systemd.idle();
    expect(await isFree()).toBe(true);
  });

  it('keeps an operation that was not handed over from being so', async () => {
    machine = createMachine({ steps: steps() });
    await launch(machine, { input: input('stage', plan(), { planSha256: '' }) }, () => undefined);
    expect(await cancel(machine, OPERATION)).toContain('none of its steps begins any more');
    const { result } = await launch(machine, { input: input('kubeadm') }, () => undefined);
    expect(result.outcome).toBe('cancelled');
  });

  it('refuses an operation that this node does not know', async () => {
    machine = createMachine();
    await expect(cancel(machine, 'other')).rejects.toMatchObject({ reason: 'BadInput' });
    expect(await machine.host.files.status(operationFolder('other'))).toBeUndefined();
  });
});
