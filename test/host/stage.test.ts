import { afterEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { createWorker, NEW, type Worker } from './worker.ts';

let worker: Worker;
afterEach(() => worker.remove());

const inside = (file: string): string => path.join(worker.root, file);

describe('stage', () => {
  it('copies what the release brings, and leaves the plan of the operation', async () => {
    worker = await createWorker();
    const { code, report } = await worker.step({ step: 'stage' });
    expect(code).toBe(0);
    expect(report?.result.outcome).toBe('changed');
    expect(report?.outputs['plan-sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(worker.run(['/var/lib/refit/stage/r2/kubernetes/kubelet', '--version']).stdout).toContain(
      'v1.34.4',
    );
    expect(worker.run(['stat', '-c', '%a %U', '/var/lib/refit']).stdout.trim()).toBe('700 root');
    const again = await worker.step({ step: 'stage' });
    // It tells what this operation changed here, but copies nothing again.
    expect(again.output).not.toContain('install /var/lib/refit/stage');
    expect(again.report?.outputs['plan-sha256']).toBe(report?.outputs['plan-sha256']);
    expect(worker.run(['kubelet', '--version']).stdout).toContain('v1.33.9');
  });

  it.each([
    ['a truncated binary', (file: string) => truncateSync(file, 1000)],
    ['a changed binary', (file: string) => appendFileSync(file, 'x')],
  ])('refuses %s and leaves nothing behind', async (_what, spoil) => {
    worker = await createWorker();
    spoil(path.join(worker.releases, 'r2/kubernetes/kubelet'));
    const { code, report } = await worker.step({ step: 'stage' });
    expect(code).toBe(1);
    expect(report?.result).toMatchObject({ outcome: 'failed', message: expect.stringContaining('kubelet') });
    expect(existsSync(inside('var/lib/refit/stage/r2'))).toBe(false);
  });

  it('refuses a binary for another architecture', async () => {
    worker = await createWorker({ r2: { ...NEW, machine: 'other' } });
    const { code, report } = await worker.step({ step: 'stage' });
    expect(code).toBe(1);
    expect(report?.result.message).toMatch(/amd64|x86/i);
  });

  it('refuses a disk that is too full before anything is copied', async () => {
    worker = await createWorker();
    worker.run(['mkdir', '-p', '/var/lib/refit']);
    worker.run(['mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', '/var/lib/refit']);
    const { code, report } = await worker.step({ step: 'stage' });
    expect(code).toBe(1);
    expect(report?.result.message).toMatch(/free|space/);
    expect(worker.run(['ls', '/var/lib/refit/stage']).stdout.trim()).toBe('');
  });

  it('refuses the plan of another machine', async () => {
    worker = await createWorker();
    const own = readFileSync(inside('etc/machine-id'), 'utf8').trim();
    const { code, output } = await worker.step({ step: 'stage', machineID: 'f'.repeat(32) });
    expect(code).toBe(2);
    expect(output).toContain(own);
    expect(existsSync(inside('var/lib/refit/stage/r2'))).toBe(false);
  });
});
