import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FLIP_STEPS } from '../../src/api/steps.ts';
import { until } from './until.ts';
import { componentsOf, createWorker, NEW, type Worker } from './worker.ts';

let worker: Worker;
afterEach(() => worker.remove());

const OPERATION = 'refit-edge-1-0badcafe-1';
const UNIT = `refit-${OPERATION}.service`;

/** Staged, handed over, and now in the middle of `kubeadm upgrade node`. */
async function inTheMiddle(kubeadmSeconds: number): Promise<string> {
  worker = await createWorker();
  writeFileSync(path.join(worker.root, 'etc/standin/kubeadm-seconds'), String(kubeadmSeconds));
  const staged = await worker.step({ step: 'stage' });
  const planSha256 = staged.report?.outputs['plan-sha256'] ?? '';
  await worker.step({ step: 'containerd', planSha256 });
  await until(() => worker.run(['pgrep', '-f', 'kubeadm upgrade node']).code === 0);
  return planSha256;
}

const kubeadmRuns = () =>
  readFileSync(path.join(worker.root, 'var/log/kubeadm-runs'), 'utf8').trim().split('\n').length;

async function allEndWell(planSha256: string): Promise<void> {
  const steps = await Promise.all(FLIP_STEPS.map((step) => worker.step({ step, planSha256 })));
  expect(steps.map(({ code, report }) => [code, report?.result.step])).toEqual(
    FLIP_STEPS.map((step) => [0, step]),
  );
  expect(componentsOf(worker)).toMatchObject({
    kubelet: 'v1.34.4',
    running: 'v1.34.4',
    containerd: 'v1.7.28',
  });
  await until(isIdle);
}

const isIdle = () => worker.run(['systemctl', 'is-active', UNIT]).stdout.trim() === 'inactive';

describe('in the middle of an operation', () => {
  it('the runner is killed: systemd starts it again and it goes on at the step without a report', async () => {
    const planSha256 = await inTheMiddle(2);
    worker.run(['systemctl', 'kill', '--signal=KILL', UNIT]);
    await allEndWell(planSha256);
    expect(kubeadmRuns()).toBeGreaterThan(0);
  });

  it('the launcher is killed: the node goes on, and the next launch gets the report', async () => {
    const planSha256 = await inTheMiddle(2);
    const launched = worker.launch({ step: 'kubeadm', planSha256 });
    await until(() => launched.output() !== '');
    worker.run(['pkill', '--signal', 'KILL', '-f', 'host launch']);
    await launched.ended;
    await allEndWell(planSha256);
    expect(kubeadmRuns()).toBe(1);
  });

  it('the machine is reset: its unit starts by itself and goes on', async () => {
    const planSha256 = await inTheMiddle(600);
    writeFileSync(path.join(worker.root, 'etc/standin/kubeadm-seconds'), '0');
    await worker.reset();
    await until(() => componentsOf(worker).running === 'v1.34.4');
    await allEndWell(planSha256);
  });

  it('another operation waits for the node, and says whose it is', async () => {
    const planSha256 = await inTheMiddle(8);
    const other = { operation: 'refit-edge-1-0badcafe-2' };
    const { code, output } = await worker.step({ step: 'stage', ...other, timeoutSeconds: 2 });
    expect(code).toBe(75);
    expect(output).toContain(OPERATION);
    expect(worker.refit('status').stdout).toContain('kubeadm');
    const waited = await worker.step({ step: 'stage', ...other });
    expect(waited.code).toBe(0);
    await allEndWell(planSha256);
  });

  it('the operation is told to stop: it ends at the next safe boundary', async () => {
    const planSha256 = await inTheMiddle(3);
    const { code, report } = await worker.step({
      step: 'finish',
      workflowStatus: 'Failed',
      timeoutSeconds: 60,
    });
    expect([code, report?.outputs['host']]).toEqual([0, 'idle']);
    const kubelet = await worker.step({ step: 'kubelet', planSha256 });
    expect([kubelet.code, kubelet.report?.result.outcome]).toEqual([1, 'cancelled']);
    expect(componentsOf(worker)).toMatchObject({
      kubeadm: 'v1.34.4',
      kubelet: 'v1.33.9',
      running: 'v1.33.9',
    });
    await until(isIdle);
  });
});

describe('a node that waits for its drain', () => {
  const waiting = { waiting: 'configure' } as const;

  /** Staged, handed over, and as far as it may go undrained. */
  async function atDrain(): Promise<string> {
    worker = await createWorker();
    const staged = await worker.step({ step: 'stage', ...waiting });
    const planSha256 = staged.report?.outputs['plan-sha256'] ?? '';
    expect((await worker.step({ step: 'kubeadm', ...waiting, planSha256 })).code).toBe(0);
    await until(isWaiting);
    return planSha256;
  }

  const isWaiting = () => worker.refit('status').stdout.includes('waits until the node is drained');

  it('goes on waiting after a reset, and with its list when a launch lets it', async () => {
    const planSha256 = await atDrain();
    await worker.reset();
    await until(isWaiting);
    expect(componentsOf(worker)).toMatchObject({
      kubeadm: 'v1.34.4',
      kubelet: 'v1.33.9',
      running: 'v1.33.9',
    });
    const { code } = await worker.step({ step: 'drain', ...waiting, planSha256, drained: true });
    expect(code).toBe(0);
    const ended = await Promise.all(FLIP_STEPS.map((step) => worker.step({ step, ...waiting, planSha256 })));
    expect(ended.map((step) => step.code)).toEqual(FLIP_STEPS.map(() => 0));
    expect(componentsOf(worker)).toMatchObject({ kubelet: 'v1.34.4', running: 'v1.34.4' });
    await until(isIdle);
  });

  it('ends when it could not be drained, and the next operation goes on from there', async () => {
    const planSha256 = await atDrain();
    await worker.step({ step: 'drain', ...waiting, planSha256, drained: false });
    const { code, report } = await worker.step({ step: 'kubelet', ...waiting, planSha256 });
    expect([code, report?.result.outcome]).toEqual([1, 'cancelled']);
    await until(isIdle);
    const runs = kubeadmRuns();
    const next = { operation: 'refit-edge-1-0badcafe-2', ...waiting };
    const staged = await worker.step({ step: 'stage', ...next });
    const again = staged.report?.outputs['plan-sha256'];
    await worker.step({ step: 'drain', ...next, planSha256: again, drained: true });
    expect((await worker.step({ step: 'verify', ...next, planSha256: again })).code).toBe(0);
    // No operation has ended well here, so kubeadm looks once more; a real one finds its manifests equal.
    expect(kubeadmRuns()).toBe(runs + 1);
    expect(componentsOf(worker)).toMatchObject({ running: 'v1.34.4' });
  });
});

describe('a kubelet that does not start', () => {
  const broken = { r2: { ...NEW, broken: ['kubernetes'] as const } };

  it('is replaced by the old one, and the reason is told', async () => {
    worker = await createWorker(broken);
    const order = { timeoutSeconds: 15 };
    const staged = await worker.step({ step: 'stage', ...order });
    const planSha256 = staged.report?.outputs['plan-sha256'] ?? '';
    await worker.step({ step: 'containerd', ...order, planSha256 });
    const { code, report } = await worker.step({ step: 'kubelet', ...order, planSha256 });
    expect(code).toBe(1);
    expect(report?.result).toMatchObject({ outcome: 'failed', message: expect.stringMatching(/kubelet/) });
    expect(componentsOf(worker)).toMatchObject({ kubelet: 'v1.33.9', running: 'v1.33.9' });
    const verify = await worker.step({ step: 'verify', ...order, planSha256 });
    expect(verify.report?.result.message).toContain('kubelet');
  });

  it('is replaced by the watchdog when the runner hangs', async () => {
    worker = await createWorker(broken);
    const order = { timeoutSeconds: 60 };
    const staged = await worker.step({ step: 'stage', ...order });
    const planSha256 = staged.report?.outputs['plan-sha256'] ?? '';
    const launched = worker.launch({ step: 'containerd', ...order, planSha256 });
    await until(() => worker.run(['systemctl', 'is-active', 'kubelet']).stdout.trim() !== 'active');
    worker.run(['systemctl', 'kill', '--signal=STOP', UNIT]);
    await launched.ended;
    // Its time has not come yet: nobody waits for that here.
    const timers = worker.run(['systemctl', 'list-timers', '--all', '--no-legend', '--plain']).stdout;
    // That of a step before may still be there: it would find the report and do nothing.
    const watchdog = /(\S*watchdog-kubelet\S*)\.timer/.exec(timers)?.[1];
    expect(watchdog).toBeDefined();
    worker.run(['systemctl', 'start', `${watchdog}.service`]);
    await until(() => componentsOf(worker).running === 'v1.33.9');
    const { code, report } = await worker.step({ step: 'kubelet', ...order, planSha256 });
    expect([code, report?.result.outcome]).toEqual([1, 'failed']);
    expect(report?.result.message).toMatch(/watchdog/);
    await until(isIdle);
  });
});
