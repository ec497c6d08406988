// The operation that a worker's orders belong to unless they name another one, as its machine shows it.
import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FLIP_STEPS } from '../../src/api/steps.ts';
import { until } from './until.ts';
import { componentsOf, OPERATION, type Worker } from './worker.ts';

export const UNIT = `refit-${OPERATION}.service`;

export function isIdle(worker: Worker): boolean {
  return worker.run(['systemctl', 'is-active', UNIT]).stdout.trim() === 'inactive';
}

/** How often the stand-in for kubeadm was run. */
export function kubeadmRuns({ root }: Worker): number {
  return readFileSync(path.join(root, 'var/log/kubeadm-runs'), 'utf8').trim().split('\n').length;
}

export async function allEndWell(worker: Worker, planSha256: string): Promise<void> {
  const steps = await Promise.all(FLIP_STEPS.map((step) => worker.step({ step, planSha256 })));
  expect(steps.map(({ code, report }) => [code, report?.result.step])).toEqual(
    FLIP_STEPS.map((step) => [0, step]),
  );
  expect(componentsOf(worker)).toMatchObject({
    kubelet: 'v1.34.4',
    running: 'v1.34.4',
    containerd: 'v1.7.28',
  });
  await until(() => isIdle(worker));
}
