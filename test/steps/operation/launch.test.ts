import { afterEach, describe, expect, it } from '@jest/globals';
import { hostPlanDigest } from '../../../src/api/host-plan.ts';
import type { NodeInput } from '../../../src/api/node-input.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { desiredFile, LOCK_FILE, planFile } from '../../../src/steps/host/folders.ts';
import { launch } from '../../../src/steps/operation/launch.ts';
import { operationUnit, operationUnitFile, stepUnit } from '../../../src/steps/operation/units.ts';
import { createMachine, type Machine } from './machine.ts';
import { gatedStep, input, OPERATION, plan, recordedStep, steps } from './samples.ts';

const UNIT = operationUnit(OPERATION);
let machine: Machine;
afterEach(async () => {
  await machine.systemd.idle();
  machine.remove();
});

async function launched(given: NodeInput): Promise<StepReport & { log: string }> {
  let log = '';
  const report = await launch(machine, { input: given }, (text) => void (log += text));
  return { ...report, log };
}

const stage = (): Promise<StepReport> => launched(input('stage', plan(), { planSha256: '' }));

describe('the plan file', () => {
  it('is left by stage when a step has work, with what it works from, for root only', async () => {
    machine = createMachine({ steps: steps() });
    const { outputs } = await stage();
    expect(outputs).toEqual({ 'plan-sha256': hostPlanDigest(plan()) });
    for (const file of [planFile(OPERATION), desiredFile(OPERATION)]) {
      expect((await machine.host.files.status(file))?.mode).toBe(0o600);
    }
  });

  it('is not left when no step has any', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    for (const name of ['kubeadm', 'kubelet']) machine.write(`/done/${name}`, '');
    expect((await stage()).outputs).toEqual({ 'plan-sha256': '' });
    expect(await machine.host.files.status(planFile(OPERATION))).toBeUndefined();
    expect(await machine.host.files.status(desiredFile(OPERATION))).toBeUndefined();
  });

  it.each([
    ['that refuses as long as the step before it is not done', async () => ({ refusals: ['not yet'] })],
    ['that cannot be judged before', () => Promise.reject(new Error('no such file'))],
  ])('is left for a step %s', async (_name, prepare) => {
    const kubelet = recordedStep('kubelet', {
      prepare: async () => {
        const { StatusError } = await import('../../../src/api/errors.ts');
        const work = await prepare().catch((error: Error) => {
          throw new StatusError(error.message, { reason: 'Failed' });
        });
        return { actions: [], notes: [], ...work };
      },
    });
    machine = createMachine({ steps: steps(kubelet) });
    machine.write('/done/kubeadm', '');
    expect((await stage()).outputs).toEqual({ 'plan-sha256': hostPlanDigest(plan()) });
  });

  it('is refused when it is not the one of the launch, naming both', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    const [staged, other] = [hostPlanDigest(plan()), hostPlanDigest(plan(['kubelet']))];
    await expect(launched(input('kubelet', plan(), { planSha256: other }))).rejects.toMatchObject({
      reason: 'BadInput',
      message: `plan: sha256: got "${staged}", expected ${other}`,
    });
    await expect(launched(input('kubelet', plan(['kubelet'])))).rejects.toMatchObject({
      reason: 'BadInput',
      message: `${planFile(OPERATION)}: sha256: got "${staged}", expected ${other}`,
    });
    expect(machine.systemd.starts.has(UNIT)).toBe(false);
  });

  it('is refused when it is not there', async () => {
    machine = createMachine({ steps: steps() });
    await expect(launched(input('kubeadm'))).rejects.toThrow('sha256: got nothing');
  });
});

describe('the first step of the list', () => {
  it('hands the node the whole list; the launches of the later ones attach and report theirs', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    const first = await launched(input('kubeadm'));
    const later = await Promise.all([launched(input('verify')), launched(input('kubelet'))]);
    expect([first, ...later].map(({ result }) => [result.step, result.outcome])).toEqual([
      ['kubeadm', 'changed'],
      ['verify', 'unchanged'],
      ['kubelet', 'changed'],
    ]);
    expect(later[1]?.log).toContain('write /done/kubelet');
    expect(machine.systemd.starts.get(UNIT)).toBe(1);
  });

  it('reports itself without waiting for the rest of the list', async () => {
    const { step, begun, open } = gatedStep('kubelet');
    machine = createMachine({ steps: steps(step) });
    await stage();
    expect((await launched(input('kubeadm'))).result.outcome).toBe('changed');
    await begun;
    expect(await machine.host.files.status(operationUnitFile(OPERATION))).toBeDefined();
    expect(machine.systemd.enabled).toEqual(new Set([UNIT]));
    open();
  });

  it('is done once, whoever launches it how often, also after the end', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    const reports = await Promise.all([launched(input('kubeadm')), launched(input('kubeadm'))]);
    await machine.systemd.idle();
    reports.push(await launched(input('kubeadm')));
    expect(new Set(reports.map(({ result }) => result.startedAt)).size).toBe(1);
    expect(machine.systemd.starts.get(UNIT)).toBe(1);
  });

  it('leaves the node free at the end: no unit file, no lock, no desired configuration', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    await launched(input('kubeadm'));
    await machine.systemd.idle();
    for (const file of [operationUnitFile(OPERATION), LOCK_FILE, desiredFile(OPERATION)]) {
      expect(await machine.host.files.status(file)).toBeUndefined();
    }
    expect(machine.systemd.enabled.size).toBe(0);
  });
});

describe('a later step of the list', () => {
  it('is refused when the list was not handed over', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    await expect(launched(input('kubelet'))).rejects.toMatchObject({
      reason: 'Failed',
      message: 'step kubelet: not handed over: step kubeadm has not begun on this node',
    });
  });

  it('is done alone when it is verify, which changes nothing', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    expect((await launched(input('verify'))).result.outcome).toBe('unchanged');
    expect([...machine.systemd.starts.keys()]).toContain(stepUnit(OPERATION, 'verify'));
    expect(machine.systemd.starts.has(UNIT)).toBe(false);
  });

  it('that was done before the hand-over is done again after it', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    const before = await launched(input('verify'));
    await machine.systemd.idle();
    await launched(input('kubeadm'));
    const after = await launched(input('verify'));
    expect(Date.parse(after.result.startedAt)).toBeGreaterThan(Date.parse(before.result.startedAt));
  });

  it('is refused when the list does not hold it', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    await expect(launched(input('cni'))).rejects.toMatchObject({
      message: 'step: got "cni", expected one of the list kubeadm, kubelet, verify',
    });
  });

  it('is refused when the operation ended before it', async () => {
    const { step, begun, open } = gatedStep('kubeadm');
    machine = createMachine({ steps: steps(step) });
    await stage();
    const first = launched(input('kubeadm'));
    await begun;
    const stopped = machine.systemd.stopUnit(UNIT);
    open();
    await stopped;
    expect((await first).result.outcome).toBe('changed');
    await launched(input('finish', plan(), { workflowStatus: 'Failed' }));
    await expect(launched(input('kubelet'))).rejects.toThrow('ended before it on this node');
  });
});

describe('a step used alone', () => {
  const alone = (): NodeInput => input('kubelet', plan(['kubelet']), { planSha256: '' });

  it('is staged and handed over as a list of one', async () => {
    machine = createMachine({ steps: steps() });
    const { result, log } = await launched(alone());
    expect(result).toMatchObject({ step: 'kubelet', outcome: 'changed' });
    expect(log).toContain('write /done/stage');
    expect([...machine.systemd.starts.keys()]).toEqual([stepUnit(OPERATION, 'stage'), UNIT]);
    await machine.systemd.idle();
    expect(await launched(alone())).toMatchObject({ result });
    expect(machine.systemd.starts.get(UNIT)).toBe(1);
  });

  it('fails when it cannot be staged', async () => {
    const refusing = recordedStep('stage', {
      prepare: async () => ({ refusals: ['sha256: got a, expected b'], actions: [], notes: [] }),
    });
    machine = createMachine({ steps: steps(refusing) });
    const { result } = await launched(alone());
    expect(result).toMatchObject({ step: 'kubelet', outcome: 'failed' });
    expect(result.message).toContain('stage: sha256: got a, expected b');
    expect(machine.systemd.starts.has(UNIT)).toBe(false);
  });

  it('waits for another one of the same operation', async () => {
    const { step, begun, open } = gatedStep('cni');
    machine = createMachine({ steps: steps(step) });
    const first = launched(input('cni', plan(['cni']), { planSha256: '' }));
    await begun;
    const second = launched(alone());
    setImmediate(open);
    expect((await Promise.all([first, second])).map(({ result }) => result.outcome)).toEqual([
      'changed',
      'changed',
    ]);
    expect(machine.systemd.starts.get(UNIT)).toBe(2);
  });
});
