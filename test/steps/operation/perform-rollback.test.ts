// The step `rollback` on a node whose control plane was flipped.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StepReport } from '../../../src/api/step-result.ts';
import type { DataLoss } from '../../../src/api/data-loss.ts';
import { openUndo } from '../../../src/steps/host/undo.ts';
import { flipControlPlane } from '../../../src/steps/node/flip/flip-control-plane.ts';
import { performRollback } from '../../../src/steps/operation/perform-rollback.ts';
import { createFlipMachine, type FlipMachine } from '../node/flip/flip-machine.ts';
import { makeFlip, OPERATION } from '../node/flip/flip-site.ts';
import { plan, recordedStep, steps } from './samples.ts';

const KUBECTL = '/usr/bin/kubectl';

let machine: FlipMachine;
beforeEach(async () => {
  machine = createFlipMachine(16);
  machine.startKubelet();
  await machine.host.clock.sleep(1);
  await flipControlPlane(machine.host, makeFlip());
  // As the step `kubelet` leaves it after a flip.
  await machine.host.files.write(KUBECTL, 'old', { mode: 0o755 });
  await openUndo(machine.host, OPERATION, 'kubelet').save(KUBECTL, { what: KUBECTL });
  await machine.host.files.write(KUBECTL, 'new', { mode: 0o755 });
});
afterEach(() => machine.remove());

function rollback(dataLoss: DataLoss): Promise<StepReport> {
  const context = { plan: { ...plan([]), operation: OPERATION }, desired: undefined, components: undefined };
  return performRollback(steps(recordedStep('kubelet')), machine.host, context, dataLoss);
}
const kubectl = async (): Promise<string> => String(await machine.host.files.read(KUBECTL));

describe('a rollback of an operation that flipped the control plane', () => {
  it('puts the control plane back, then what the steps changed', async () => {
    const { result } = await rollback('accept');
    expect(result.outcome).toBe('changed');
    expect(result.message).toMatch(/^control plane: back at v1\.33\.13: .*kubelet: restored: /s);
    expect(result.changes.map(({ what, from, to }) => [what, from, to])).toContainEqual([
      'control plane and kubelet (flip)',
      'v1.34.4',
      'v1.33.13',
    ]);
    expect(await kubectl()).toBe('old');
  });

  it('changes nothing when it only looks, or must not lose anything', async () => {
    expect((await rollback('look')).result).toMatchObject({
      outcome: 'unchanged',
      message: expect.stringMatching(/lost would be: /),
    });
    await expect(rollback('refuse')).rejects.toMatchObject({ reason: 'Failed' });
    expect(await kubectl()).toBe('new');
  });

  it('has failed when the old API server does not get ready, and all else is put back', async () => {
    machine.isOldApiServerBroken = true;
    const { result } = await rollback('accept');
    expect(result.outcome).toBe('failed');
    expect(result.message).toMatch(/^control plane: (not ready in 120 s|kube-apiserver: got \d+ starts)/);
    expect(await kubectl()).toBe('old');
  });
});
