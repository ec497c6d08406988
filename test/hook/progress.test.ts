import { describe, expect, it } from '@jest/globals';
import type { OperationRecord } from '../../src/api/operation.ts';
import { duration, progressMessage, retryAfterSeconds } from '../../src/hook/progress.ts';
import type { TaskView, WorkflowView } from '../../src/hook/store.ts';

const RECORD: OperationRecord = {
  version: 1,
  number: 3,
  hash: 'h',
  state: 'running',
  to: 'v1.34.3',
  startedAt: '2026-01-01T00:00:00Z',
};
const NOW = new Date('2026-01-01T00:01:12Z');

describe('progress message', () => {
  it('names the step, its place, and how long it runs', () => {
    const tasks = [task('preflight', 'Succeeded'), task('kubeadm', 'Running'), task('kubelet', 'Pending')];
    expect(progressMessage(RECORD, workflow(tasks), NOW)).toBe('step 2/3 kubeadm: running 1m12s');
  });

  it('names steps that run beside it', () => {
    const tasks = [task('backup', 'Running'), task('stage', 'Running'), task('kubelet', 'Pending')];
    expect(progressMessage(RECORD, workflow(tasks), NOW)).toBe('step 1/3 backup: running 1m12s (and stage)');
  });

  it('does not count what only waits for its turn, nor how long it did', () => {
    const backup = { ...task('backup', 'Succeeded'), finishedAt: '2026-01-01T00:01:00Z' };
    const listed = [task('kubeadm', 'Running'), task('kubelet', 'Running')];
    expect(progressMessage(RECORD, workflow([backup, ...listed]), NOW)).toBe('step 2/3 kubeadm: running 12s');
    expect(progressMessage(RECORD, workflow([task('backup', 'Running'), ...listed]), NOW)).toBe(
      'step 1/3 backup: running 1m12s',
    );
  });

  it('names the next step between two steps', () => {
    const tasks = [task('preflight', 'Succeeded'), task('kubeadm', 'Pending')];
    expect(progressMessage(RECORD, workflow(tasks), NOW)).toBe('step 2/2 kubeadm: waiting');
  });

  it.each([
    ['is not there yet', undefined],
    ['was not looked at', { ...workflow([task('preflight', 'Pending')]), phase: 'Pending' } as const],
  ])('says that Argo has not begun when the Workflow %s', (_what, found) => {
    expect(progressMessage(RECORD, found, NOW)).toBe('operation 3: waiting for Argo to start it');
  });

  it('says that it waits for its turn', () => {
    const pending = {
      ...workflow([task('preflight', 'Pending')]),
      phase: 'Pending',
      message: 'Waiting for lab/Mutex/refit',
    } as const;
    expect(progressMessage(RECORD, pending, NOW)).toBe(
      'operation 3: waiting for its turn: Waiting for lab/Mutex/refit',
    );
  });

  it('names the step that failed before the Workflow has ended', () => {
    const tasks = [{ ...task('kubelet', 'Failed'), message: 'no space' }, task('verify', 'Omitted')];
    expect(progressMessage(RECORD, workflow(tasks), NOW)).toBe('step kubelet failed: no space; closing');
  });

  it('says that only the end is missing', () => {
    expect(progressMessage(RECORD, workflow([task('complete', 'Succeeded')]), NOW)).toBe(
      'operation 3: all 1 steps ended, closing',
    );
  });
});

describe('retryAfterSeconds', () => {
  it('is never 0, which would mean done, and gets shorter towards the end', () => {
    const left = (count: number): WorkflowView =>
      workflow(Array.from({ length: count }, () => task('backup', 'Pending')));
    expect([undefined, left(10), left(8), left(4), left(1), left(0)].map(retryAfterSeconds)).toEqual([
      10, 10, 5, 5, 2, 2,
    ]);
  });
});

describe('duration', () => {
  it.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m00s'],
    [3725, '62m05s'],
    [-5, '0s'],
  ])('%d seconds is %s', (seconds, text) => {
    const from = new Date('2026-01-01T00:00:00Z');
    expect(duration(from, new Date(from.getTime() + seconds * 1000))).toBe(text);
  });
});

function workflow(tasks: TaskView[]): WorkflowView {
  return { namespace: 'lab', name: 'w', machine: 'm', phase: 'Running', stopping: false, tasks };
}

function task(name: string, phase: TaskView['phase']): TaskView {
  return { name, phase, startedAt: '2026-01-01T00:00:00Z', outputs: {} };
}
