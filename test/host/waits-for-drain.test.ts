import { afterEach, describe, expect, it } from '@jest/globals';
import { FLIP_STEPS } from '../../src/api/steps.ts';
import { isIdle, kubeadmRuns } from './operation.ts';
import { until } from './until.ts';
import { componentsOf, createWorker, type Worker } from './worker.ts';

let worker: Worker;
afterEach(() => worker.remove());

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
    await until(() => isIdle(worker));
  });

  it('ends when it could not be drained, and the next operation goes on from there', async () => {
    const planSha256 = await atDrain();
    await worker.step({ step: 'drain', ...waiting, planSha256, drained: false });
    const { code, report } = await worker.step({ step: 'kubelet', ...waiting, planSha256 });
    expect([code, report?.result.outcome]).toEqual([1, 'cancelled']);
    await until(() => isIdle(worker));
    const runs = kubeadmRuns(worker);
    const next = { operation: 'refit-edge-1-0badcafe-2', ...waiting };
    const staged = await worker.step({ step: 'stage', ...next });
    const again = staged.report?.outputs['plan-sha256'];
    await worker.step({ step: 'drain', ...next, planSha256: again, drained: true });
    expect((await worker.step({ step: 'verify', ...next, planSha256: again })).code).toBe(0);
    // No operation has ended well here, so kubeadm looks once more; a real one finds its manifests equal.
    expect(kubeadmRuns(worker)).toBe(runs + 1);
    expect(componentsOf(worker)).toMatchObject({ running: 'v1.34.4' });
  });
});
