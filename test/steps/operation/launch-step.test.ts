import { afterEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { NodeInput } from '../../../src/api/node-input.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { cancelFile, LOCK_FILE, operationFolder, stageFolder } from '../../../src/steps/host/folders.ts';
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import { handOver } from '../../../src/steps/operation/hand-over.ts';
import { launch } from '../../../src/steps/operation/launch.ts';
import { stepUnit } from '../../../src/steps/operation/units.ts';
import { createMachine, type Machine } from './machine.ts';
import { DESIRED, gatedStep, input, OPERATION, plan, recordedStep, steps } from './samples.ts';

let machine: Machine;
afterEach(async () => {
  await machine.systemd.idle();
  machine.remove();
});

const quiet = (step: NodeInput['step']): NodeInput => input(step, plan(), { planSha256: '' });

async function launched(
  given: NodeInput,
  components?: StagedComponents,
): Promise<StepReport & { log: string }> {
  let log = '';
  const out = (text: string): void => void (log += text);
  const report = await launch(machine, { input: given, ...(components && { components }) }, out);
  return { ...report, log };
}

describe('a quiet step', () => {
  it('is done in a unit of its own, under the host lock, and its log and report come back', async () => {
    machine = createMachine({ steps: steps() });
    const { result, log } = await launched(quiet('backup'));
    expect(result).toMatchObject({ step: 'backup', operation: OPERATION, outcome: 'changed' });
    expect(log).toMatch(/^write \/done\/backup\n[^]*backup: changed: backup done\n$/);
    expect(machine.systemd.journalLines).toContain('refit-backup: write /done/backup');
    expect([...machine.systemd.starts.keys()]).toEqual([stepUnit(OPERATION, 'backup')]);
    expect(JSON.parse(machine.read(LOCK_FILE))).toEqual({ operation: OPERATION });
  });

  it('leaves nothing of its input, which may hold secrets', async () => {
    let seen: string[] = [];
    const look = recordedStep('preflight', {
      problems: async (host) => {
        seen = await host.files.list(operationFolder(OPERATION));
        return [];
      },
    });
    machine = createMachine({ steps: steps(look) });
    await launched(quiet('preflight'));
    expect(seen).toEqual(['preflight.begun', 'preflight.log', 'undo']);
  });

  it('looks without the lock when it is preflight', async () => {
    machine = createMachine({ steps: steps() });
    await launched(quiet('preflight'));
    expect(await machine.host.files.read(LOCK_FILE)).toBeUndefined();
  });

  it('is done anew when it is launched again: preflight must look anew', async () => {
    machine = createMachine({ steps: steps() });
    await launched(quiet('preflight'));
    const again = await launched(quiet('preflight'));
    expect(again.log).not.toContain('write /done/preflight');
    expect(machine.systemd.starts.get(stepUnit(OPERATION, 'preflight'))).toBe(2);
  });

  it('tells what it found before the node was handed over, since half of the work may be done by now', async () => {
    machine = createMachine({ steps: steps() });
    const { result } = await launched(quiet('preflight'));
    await handOver(machine, plan(), { desired: DESIRED, timeoutSeconds: 60 });
    expect((await launched(quiet('preflight'))).result).toEqual(result);
    expect(machine.systemd.starts.get(stepUnit(OPERATION, 'preflight'))).toBe(1);
  });

  it('is done once when it is launched twice at once: the second launch attaches', async () => {
    const { step, open } = gatedStep('prepull');
    machine = createMachine({ steps: steps(step) });
    const logs = ['', ''];
    const launchAs = (index: number) =>
      launch(machine, { input: quiet('prepull') }, (text) => void (logs[index] += text));
    const both = [launchAs(0), launchAs(1)];
    while (!logs.every((log) => log.includes('wait in prepull'))) await machine.host.clock.sleep(1);
    open();
    const [one, other] = await Promise.all(both);
    expect(one).toEqual(other);
    expect(logs[0]).toBe(logs[1]);
    expect(machine.systemd.starts.get(stepUnit(OPERATION, 'prepull'))).toBe(1);
  });

  it('that fails says so', async () => {
    const step = recordedStep('backup', {
      prepare: async () => ({ refusals: ['disk: got 1 MiB free, expected 2'], actions: [], notes: [] }),
    });
    machine = createMachine({ steps: steps(step) });
    const { result } = await launched(quiet('backup'));
    expect(result).toMatchObject({ outcome: 'failed', message: expect.stringContaining('got 1 MiB free') });
  });

  it('with passing trouble leaves no report, so that it is launched again', async () => {
    const trouble = new StatusError('registry: no answer', { reason: 'Unavailable' });
    const step = recordedStep('prepull', { prepare: () => Promise.reject(trouble) });
    machine = createMachine({ steps: steps(step) });
    await expect(launched(quiet('prepull'))).rejects.toMatchObject({
      reason: 'Unavailable',
      message: expect.stringContaining('without a report of step prepull'),
    });
  });

  it('is not begun when the operation was told to stop', async () => {
    machine = createMachine({ steps: steps() });
    machine.write(cancelFile(OPERATION), '');
    expect((await launched(quiet('backup'))).result.outcome).toBe('cancelled');
    expect(await machine.host.files.status('/done/backup')).toBeUndefined();
  });

  it('whose container ended while its files were copied may be launched again', async () => {
    const folder = '/proc/77/root/opt/refit/components';
    const step = recordedStep('stage', {
      prepare: (host) =>
        host.files.copy(`${folder}/kubernetes/kubelet`, stageFolder('r'), { mode: 0o755 }) as Promise<never>,
    });
    machine = createMachine({ steps: steps(step) });
    const file = { component: 'kubernetes', name: 'kubelet', size: 1, sha256: '0'.repeat(64) } as const;
    const components: StagedComponents = {
      ...{ version: 1, architecture: 'amd64', kubernetes: 'v1.34.3', files: [file] },
      folder,
    };
    await expect(launched(quiet('stage'), components)).rejects.toMatchObject({ reason: 'Unavailable' });
    expect(machine.lines.join()).toContain('the container that brought it has ended');
  });

  it('is not begun any more when the node was handed its list', async () => {
    machine = createMachine({ steps: steps() });
    await launched(quiet('stage'));
    await launched(input('kubeadm'));
    expect((await launched(quiet('stage'))).result.outcome).toBe('changed');
    expect(machine.systemd.starts.get(stepUnit(OPERATION, 'stage'))).toBe(1);
    await expect(launched(quiet('backup'))).rejects.toThrow(
      `step backup: operation ${OPERATION} was handed over to the node already`,
    );
  });
});
