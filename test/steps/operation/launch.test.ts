import { afterEach, describe, expect, it } from '@jest/globals';
import { hostPlanDigest } from '../../../src/api/host-plan.ts';
import type { NodeInput } from '../../../src/api/node-input.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { desiredFile, LOCK_FILE, planFile } from '../../../src/steps/host/folders.ts';
import type { NodeStep } from '../../../src/steps/node/node-step.ts';
import { launch } from '../../../src/steps/operation/launch.ts';
import { operationUnit, operationUnitFile, stepUnit } from '../../../src/steps/operation/units.ts';
import { createMachine, type Machine } from './machine.ts';
import { gatedStep, input, OPERATION, plan, recordedStep, steps, waitingPlan } from './samples.ts';

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

describe('drain', () => {
  const waiting = waitingPlan();
  const drain = (drained: boolean, given = waiting) => launched(input('drain', given, { drained }));

  /** Staged, and launched but for the drain. */
  async function attached(...more: readonly NodeStep[]): Promise<Promise<StepReport>[]> {
    machine = createMachine({ steps: steps(...more) });
    await launched(input('stage', waiting, { planSha256: '' }));
    return (['kubeadm', 'kubelet', 'verify'] as const).map((name) => launched(input(name, waiting)));
  }

  it('lets the node go on, may be repeated, and waits for nothing', async () => {
    const reports = await attached();
    expect((await reports[0])?.result.outcome).toBe('changed');
    expect((await drain(true)).result).toMatchObject({
      outcome: 'changed',
      message: 'the node goes on with its list',
    });
    const ended = await Promise.all(reports);
    expect(ended.map(({ result }) => result.outcome)).toEqual(['changed', 'changed', 'unchanged']);
    await machine.systemd.idle();
    expect((await drain(true)).result).toMatchObject({
      outcome: 'unchanged',
      message: 'the node went on by itself',
    });
    expect(machine.systemd.starts.get(UNIT)).toBe(1);
  });

  it('hands the list over when it comes first', async () => {
    machine = createMachine({ steps: steps() });
    await launched(input('stage', waiting, { planSha256: '' }));
    await drain(true);
    await machine.systemd.idle();
    expect(machine.read('/done/kubelet')).toBe('kubelet\n');
  });

  it('ends the operation at that step when the node could not be drained', async () => {
    const reports = await attached();
    await reports[0];
    expect((await drain(false)).result.message).toBe('the operation was told to stop');
    const ended = await Promise.all(reports);
    expect(ended.map(({ result }) => result.outcome)).toEqual(['changed', 'cancelled', 'cancelled']);
    await machine.systemd.idle();
    expect(await machine.host.files.status(LOCK_FILE)).toBeUndefined();
    expect((await drain(true)).result).toMatchObject({
      outcome: 'failed',
      message: 'step kubelet: not begun: the operation was told to stop',
    });
  });

  it('ends it also before anybody has handed it over', async () => {
    machine = createMachine({ steps: steps() });
    await launched(input('stage', waiting, { planSha256: '' }));
    await drain(false);
    expect((await launched(input('kubeadm', waiting))).result.outcome).toBe('cancelled');
    expect(await machine.host.files.status('/done/kubeadm')).toBeUndefined();
  });

  it('fails when a step before it failed', async () => {
    const failing = recordedStep('kubeadm', {
      prepare: async () => ({ refusals: ['etcd: got no leader'], actions: [], notes: [] }),
    });
    await Promise.all(await attached(failing));
    expect((await drain(true)).result).toMatchObject({
      outcome: 'failed',
      message: 'step kubelet: not begun: step kubeadm failed',
    });
  });

  it('is refused for another plan, and for one in which nothing waits', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    await expect(drain(true)).rejects.toMatchObject({ reason: 'BadInput' });
    await expect(drain(true, plan())).rejects.toThrow('expected one that waits for drain');
  });
});

describe('a later step of the list', () => {
  it('hands the list over when it comes first: it is done from its beginning', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    expect((await launched(input('kubelet'))).result.outcome).toBe('changed');
    expect((await launched(input('kubeadm'))).result.outcome).toBe('changed');
    expect(machine.systemd.starts.get(UNIT)).toBe(1);
  });

  it('may come at the same moment as all others', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    const names = ['verify', 'kubelet', 'kubeadm'] as const;
    const reports = await Promise.all(names.map((name) => launched(input(name))));
    expect(reports.map(({ result }) => [result.step, result.outcome])).toEqual([
      ['verify', 'unchanged'],
      ['kubelet', 'changed'],
      ['kubeadm', 'changed'],
    ]);
    expect(machine.systemd.starts.get(UNIT)).toBe(1);
    expect(machine.systemd.starts.has(stepUnit(OPERATION, 'verify'))).toBe(false);
  });

  it('is done alone when it is verify, which changes nothing, and nobody hands anything over', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    const { result } = await launched(input('verify', plan(), { timeoutSeconds: 10 }));
    expect(result.outcome).toBe('unchanged');
    expect([...machine.systemd.starts.keys()]).toContain(stepUnit(OPERATION, 'verify'));
    expect(machine.systemd.starts.has(UNIT)).toBe(false);
  });

  it('that was done before the hand-over is done again after it', async () => {
    machine = createMachine({ steps: steps() });
    await stage();
    const before = await launched(input('verify', plan(), { timeoutSeconds: 10 }));
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
