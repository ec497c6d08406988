import { afterEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { allEndWell, isIdle, kubeadmRuns, UNIT } from './operation.ts';
import { until } from './until.ts';
import { componentsOf, createWorker, OPERATION, type Worker } from './worker.ts';

let worker: Worker;
afterEach(() => worker.remove());

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

describe('in the middle of an operation', () => {
  it('the runner is killed: systemd starts it again and it goes on at the step without a report', async () => {
    const planSha256 = await inTheMiddle(2);
    worker.run(['systemctl', 'kill', '--signal=KILL', UNIT]);
    await allEndWell(worker, planSha256);
    expect(kubeadmRuns(worker)).toBeGreaterThan(0);
  });

  it('the launcher is killed: the node goes on, and the next launch gets the report', async () => {
    const planSha256 = await inTheMiddle(2);
    const launched = worker.launch({ step: 'kubeadm', planSha256 });
    await until(() => launched.output() !== '');
    worker.run(['pkill', '--signal', 'KILL', '-f', 'host launch']);
    await launched.ended;
    await allEndWell(worker, planSha256);
    expect(kubeadmRuns(worker)).toBe(1);
  });

  it('the machine is reset: its unit starts by itself and goes on', async () => {
    const planSha256 = await inTheMiddle(600);
    writeFileSync(path.join(worker.root, 'etc/standin/kubeadm-seconds'), '0');
    await worker.reset();
    await until(() => componentsOf(worker).running === 'v1.34.4');
    await allEndWell(worker, planSha256);
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
    await allEndWell(worker, planSha256);
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
    await until(() => isIdle(worker));
  });
});
