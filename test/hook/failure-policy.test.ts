import { describe, expect, it } from '@jest/globals';
import { BLOCKED_ANNOTATION, RETRY_ANNOTATION } from '../../src/api/labels.ts';
import {
  OPERATION_STATES,
  writeRecord,
  type OperationRecord,
  type OperationState,
} from '../../src/api/operation.ts';
import { onRequest, overdue, type Action, type Situation } from '../../src/hook/failure-policy.ts';
import type { MachineView, TaskView, WorkflowView } from '../../src/hook/store.ts';

const WANTED = { hash: 'v1-b', version: 'v1.34.3' };

describe('UpdateMachine on a Machine without operation', () => {
  it('starts operation 1', () => {
    expect(onRequest(situation(), WANTED)).toEqual({ do: 'start', number: 1 });
  });

  it('starts nothing on a Machine that is being deleted', () => {
    expect(onRequest({ machine: machine({ deleting: true }) }, WANTED).do).toBe('wait');
  });

  it('waits for a person when the record is unreadable', () => {
    const unreadable = machine({ annotations: { 'capi-refit.io/operation': '{"number":' } });
    expect(onRequest({ machine: unreadable }, WANTED)).toMatchObject({
      do: 'wait',
      message: expect.stringContaining('unreadable'),
    });
  });
});

describe('UpdateMachine for the desired state of the record', () => {
  it.each<[OperationState, Partial<OperationRecord>, WorkflowView | undefined, Action['do']]>([
    ['starting', {}, undefined, 'create'],
    ['running', {}, workflow(), 'progress'],
    ['stopping', {}, workflow({ stopping: true }), 'wait'],
    ['succeeded', { node: { kubeletVersion: 'v1.34.3', ready: true } }, undefined, 'done'],
    ['failed', { reason: 'step kubelet: boom' }, undefined, 'wait'],
    ['cancelled', {}, undefined, 'start'],
  ])('%s leads to the right action', (state, more, running, action) => {
    const node = { kubeletVersion: 'v1.34.3', nodeReady: true };
    expect(onRequest(situation({ state, ...more }, running, node), WANTED).do).toBe(action);
  });

  it('tells the reason of a failure and how to retry', () => {
    const action = onRequest(situation({ state: 'failed', reason: 'step kubelet: boom' }), WANTED);
    expect(action).toMatchObject({
      do: 'wait',
      message: expect.stringMatching(/step kubelet: boom.*capi-refit\.io\/retry/),
    });
  });

  it('starts the next operation when a person asks for a retry', () => {
    const retry = machine({
      annotations: { ...record({ state: 'failed', number: 4 }), [RETRY_ANNOTATION]: '' },
    });
    expect(onRequest({ machine: retry }, WANTED)).toEqual({ do: 'start', number: 5 });
  });

  it.each([
    ['the Node still reports the old version', { kubeletVersion: 'v1.33.7', nodeReady: true }, true],
    ['the Node is not Ready', { kubeletVersion: 'v1.34.3', nodeReady: false }, true],
    ['CAPI has not seen the Node', {}, true],
    ['complete recorded a Node that was not Ready', { kubeletVersion: 'v1.34.3', nodeReady: true }, false],
  ])('is not done while %s', (_name, node, ready) => {
    const succeeded = { state: 'succeeded', node: { kubeletVersion: 'v1.34.3', ready } } as const;
    expect(onRequest(situation(succeeded, undefined, node), WANTED).do).toBe('wait');
  });
});

describe('UpdateMachine on a blocked Machine', () => {
  const blocked = { [BLOCKED_ANNOTATION]: 'operation 4 was rolled back' };
  const behind = { kubeletVersion: 'v1.33.7', nodeReady: true };
  const there = { kubeletVersion: 'v1.34.3', nodeReady: true };
  const done = { state: 'succeeded', node: { kubeletVersion: 'v1.34.3', ready: true } } as const;
  const held = {
    do: 'wait',
    message: expect.stringMatching(/^blocked: operation 4 was rolled back; .*retry/),
  };

  it.each<[string, Partial<OperationRecord> | undefined, Partial<MachineView>, Record<string, unknown>]>([
    ['starts nothing without a record', undefined, {}, held],
    ['starts nothing for another desired state', { state: 'failed', hash: 'v1-a' }, behind, held],
    ['starts nothing after a cancelled operation', { state: 'cancelled' }, behind, held],
    ['says so, and not why the operation failed', { state: 'failed', reason: 'boom' }, behind, held],
    ['says so of a Node that went back', done, behind, held],
    ['lets be done what is done', done, there, { do: 'done' }],
    ['lets a running operation go on', { state: 'running' }, behind, { do: 'progress' }],
  ])('%s', (_name, last, node, expected) => {
    const annotations = { ...(last && record(last)), ...blocked };
    expect(
      onRequest({ machine: machine({ annotations, ...node }), workflow: workflow() }, WANTED),
    ).toMatchObject(expected);
  });

  it.each<[string, Partial<OperationRecord> | undefined, number]>([
    ['without a record', undefined, 1],
    ['after a failure', { state: 'failed', number: 4 }, 5],
    ['after a success that was put back', { ...done, number: 4 }, 5],
  ])('starts on a retry %s', (_name, last, number) => {
    const annotations = { ...(last && record(last)), ...blocked, [RETRY_ANNOTATION]: '' };
    expect(onRequest({ machine: machine({ annotations, ...behind }) }, WANTED)).toEqual({
      do: 'start',
      number,
    });
  });
});

describe('UpdateMachine for another desired state than the record', () => {
  it.each<[OperationState, WorkflowView | undefined, Action['do']]>([
    ['starting', undefined, 'stop'],
    ['running', workflow(), 'stop'],
    ['stopping', workflow({ stopping: true }), 'wait'],
    ['succeeded', undefined, 'start'],
    ['failed', undefined, 'start'],
    ['cancelled', undefined, 'start'],
  ])('%s leads to the right action', (state, running, action) => {
    expect(onRequest(situation({ state, hash: 'v1-a', number: 7 }, running), WANTED).do).toBe(action);
  });

  it('counts on, so that going back never meets an old success', () => {
    const back = onRequest(situation({ state: 'succeeded', hash: 'v1-a', number: 7 }), WANTED);
    expect(back).toEqual({ do: 'start', number: 8 });
  });

  it.each(['failed', 'cancelled'] as const)('starts nothing after %s while the node still works', (state) => {
    const action = onRequest(situation({ state, hash: 'v1-a', host: 'working' }), WANTED);
    expect(action).toMatchObject({ do: 'wait', message: expect.stringContaining('still working') });
  });
});

describe('UpdateMachine on a Machine that an upgrade of its owner has', () => {
  const ofOwner = { workflow: 'refit-edge-1' };

  it.each<[OperationState, string]>([
    ['running', WANTED.hash],
    ['running', 'v1-other'],
    ['stopping', WANTED.hash],
  ])('neither starts nor stops anything while that is %s, for hash %s', (state, hash) => {
    const action = onRequest(situation({ ...ofOwner, state, hash }, workflow()), WANTED);
    expect(action).toMatchObject({ do: 'wait', message: expect.stringContaining('Workflow refit-edge-1') });
  });

  it('goes on as ever once that has ended', () => {
    expect(onRequest(situation({ ...ofOwner, state: 'failed', hash: 'v1-other' }), WANTED).do).toBe('start');
  });
});

describe('what is overdue, whoever asks', () => {
  it.each(OPERATION_STATES.filter((state) => !['starting', 'running', 'stopping'].includes(state)))(
    'nothing after %s',
    (state) => {
      expect(overdue(situation({ state }))).toBeUndefined();
    },
  );

  it.each(['starting', 'running'] as const)(
    'stops a %s operation of a Machine that is being deleted',
    (state) => {
      const action = overdue(situation({ state }, workflow(), { deleting: true }));
      expect(action).toMatchObject({ do: 'stop', reason: 'the Machine is being deleted' });
    },
  );

  it('names the step that failed and its message', () => {
    const failed = workflow({
      phase: 'Failed',
      finishedAt: 'now',
      tasks: [task('backup'), task('kubelet', 'Failed', 'exit code 1: no space')],
    });
    expect(overdue(situation({ state: 'running' }, failed))).toMatchObject({
      do: 'end',
      state: 'failed',
      reason: 'step kubelet: exit code 1: no space',
      host: 'unknown',
    });
  });

  it('takes a Workflow that was deleted for a failure', () => {
    expect(overdue(situation({ state: 'running' }))).toMatchObject({
      do: 'end',
      state: 'failed',
      host: 'unknown',
    });
  });

  it('takes a Workflow that ended while stopping for cancelled', () => {
    const ended = workflow({ phase: 'Failed', stopping: true, finishedAt: 'now', finish: finish('idle') });
    expect(
      overdue(situation({ state: 'stopping', reason: 'the desired state changed' }, ended)),
    ).toMatchObject({
      do: 'end',
      state: 'cancelled',
      reason: 'the desired state changed',
      host: 'idle',
    });
  });

  it('does not call it cancelled while the exit handler found the node working', () => {
    const ended = workflow({ phase: 'Failed', stopping: true, finishedAt: 'now', finish: finish('working') });
    expect(overdue(situation({ state: 'stopping' }, ended))).toMatchObject({
      do: 'end',
      state: 'failed',
      reason: expect.stringContaining('still working'),
      host: 'working',
    });
  });

  it('does not believe a Workflow that succeeded without the record of complete', () => {
    const done = workflow({ phase: 'Succeeded', finishedAt: 'now' });
    expect(overdue(situation({ state: 'running' }, done))).toMatchObject({ do: 'end', state: 'failed' });
  });

  it('tells a Workflow to stop again if the first time was lost', () => {
    expect(overdue(situation({ state: 'stopping', reason: 'x' }, workflow()))).toMatchObject({
      do: 'stop',
      reason: 'x',
    });
  });
});

function situation(
  more?: Partial<OperationRecord>,
  running?: WorkflowView,
  view: Partial<MachineView> = {},
): Situation {
  const annotations = more ? record(more) : {};
  return { machine: machine({ annotations, ...view }), ...(running ? { workflow: running } : {}) };
}

function record(more: Partial<OperationRecord>): Record<string, string> {
  const base = {
    version: 1,
    number: 1,
    hash: WANTED.hash,
    state: 'running',
    to: 'v1.34.3',
    startedAt: '2026-01-01T00:00:00Z',
  } as const;
  return writeRecord({ ...base, ...more });
}

function machine(more: Partial<MachineView>): MachineView {
  const identity = { namespace: 'lab', name: 'cp-1', uid: 'uid-1', resourceVersion: '1', cluster: 'refit' };
  return { ...identity, labels: {}, annotations: {}, deleting: false, ...more };
}

function workflow(more: Partial<WorkflowView> = {}): WorkflowView {
  const identity = { namespace: 'lab', name: 'refit-cp-1-x-1', machine: 'cp-1' };
  return { ...identity, phase: 'Running', stopping: false, tasks: [task('backup', 'Running')], ...more };
}

function task(name: string, phase: TaskView['phase'] = 'Succeeded', message?: string): TaskView {
  return { name, phase, outputs: {}, ...(message === undefined ? {} : { message }) };
}

function finish(host: string): TaskView {
  return { ...task('finish'), outputs: { host } };
}
