import { afterEach, describe, expect, it } from '@jest/globals';
import { isIdle, UNIT } from './operation.ts';
import { until } from './until.ts';
import { componentsOf, createWorker, NEW, type Worker } from './worker.ts';

let worker: Worker;
afterEach(() => worker.remove());

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
    await until(() => isIdle(worker));
  });
});
