import { describe, expect, it } from '@jest/globals';
import {
  BLOCKED_ANNOTATION,
  OPERATION_ANNOTATION,
  RETRY_ANNOTATION,
  UNCOUNTED_MOVE_ANNOTATION,
  UPDATE_IN_PROGRESS_ANNOTATION,
} from '../../../src/api/labels.ts';
import { machineStatus, type MachineFacts } from '../../../src/cli/status/machine-status.ts';
import { machineView } from '../../../src/hook/kubernetes/views.ts';
import { workflowView } from '../../../src/hook/kubernetes/workflow-view.ts';
import { machineSample, workflowSample, type MachineSample } from '../../helpers/operator-objects.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const OLD = { kubelet: 'v1.33.7' };
const ASKED = { annotations: { [UPDATE_IN_PROGRESS_ANNOTATION]: '' } };
const REFUSAL = {
  message: 'uncovered: files',
  firstAt: '2026-01-01T11:30:00Z',
  lastAt: '2026-01-01T11:58:00Z',
};
const DONE = { state: 'succeeded', finishedAt: '2026-01-01T11:45:00Z' } as const;

function statusOf(sample: MachineSample, facts: Partial<MachineFacts> = {}) {
  return machineStatus({ machine: machineView(machineSample('cp-1', sample)), ...facts }, NOW);
}

describe('machineStatus', () => {
  it('says which step of how many runs, and since when', () => {
    const workflow = workflowView(workflowSample('cp-1', 3, 'kubeadm'));
    expect(statusOf({ ...OLD, record: {} }, { workflow })).toEqual({
      name: 'cp-1',
      role: 'control-plane',
      node: 'cp-1',
      version: 'v1.34.3',
      kubelet: 'v1.33.7',
      state: 'updating',
      since: '2026-01-01T11:57:50Z',
      message: 'step 5/8 kubeadm: running 1m12s',
      step: { name: 'kubeadm', number: 5, of: 8, startedAt: '2026-01-01T11:58:48Z' },
      operation: {
        number: 3,
        workflow: expect.stringMatching(/^refit-cp-1-[0-9a-f]{8}-3$/),
        state: 'running',
        from: 'v1.33.7',
        to: 'v1.34.3',
        startedAt: '2026-01-01T11:57:50Z',
      },
    });
  });

  it.each<[string, MachineSample, Partial<MachineFacts>, Record<string, unknown>]>([
    ['nothing happens', {}, {}, { state: 'up to date' }],
    ['an operation ended well', { record: DONE }, {}, { state: 'up to date', since: DONE.finishedAt }],
    [
      'its Workflow is not there yet',
      { ...OLD, record: { state: 'starting' } },
      {},
      { state: 'updating', message: 'operation 3: waiting for Argo to start it' },
    ],
    [
      'it is told to stop',
      { record: { state: 'stopping', reason: 'the desired state changed' } },
      {},
      { state: 'stopping', message: 'the desired state changed' },
    ],
    [
      'a step failed',
      { record: { state: 'failed', reason: 'step kubelet: boom', finishedAt: 'x' } },
      {},
      { state: 'failed', since: 'x', message: 'operation 3: step kubelet: boom' },
    ],
    [
      'it is to be tried again',
      {
        record: { state: 'failed', reason: 'boom', finishedAt: 'x' },
        annotations: { [RETRY_ANNOTATION]: '' },
      },
      {},
      { state: 'waiting', since: 'x', message: 'a retry was asked for, after operation 3: boom' },
    ],
    [
      'a step failed and the node goes on',
      { record: { state: 'failed', reason: 'boom', host: 'working' } },
      {},
      { message: 'operation 3: boom; the node still works on it' },
    ],
    [
      'it was cancelled',
      { record: { state: 'cancelled' } },
      {},
      { state: 'cancelled', message: 'operation 3: no reason recorded' },
    ],
    [
      'a person blocked it',
      { annotations: { [BLOCKED_ANNOTATION]: 'not before Monday' } },
      {},
      { state: 'blocked', message: 'not before Monday' },
    ],
    [
      'it was blocked while it runs',
      { record: {}, annotations: { [BLOCKED_ANNOTATION]: 'x' } },
      {},
      { state: 'updating' },
    ],
    [
      'its record is broken',
      { annotations: { [OPERATION_ANNOTATION]: '{' } },
      {},
      { state: 'blocked', message: expect.stringContaining('unreadable') },
    ],
    ['it is being deleted', { metadata: { deletionTimestamp: 'x' } }, {}, { state: 'deleting', since: 'x' }],
    ['no Node has joined', { node: null }, {}, { state: 'no node' }],
    [
      'Refit refuses',
      OLD,
      { refusal: REFUSAL },
      { state: 'blocked', since: REFUSAL.firstAt, message: 'uncovered: files (last said 2m ago)' },
    ],
    [
      'it refused long ago',
      {},
      { refusal: { ...REFUSAL, lastAt: '2026-01-01T11:20:00Z' } },
      { state: 'up to date' },
    ],
    [
      'it refused before the last operation',
      { record: { ...DONE, finishedAt: '2026-01-01T11:59:00Z' } },
      { refusal: REFUSAL },
      { state: 'up to date' },
    ],
    [
      'it refused before it was asked to update',
      { ...OLD, ...ASKED },
      { refusal: REFUSAL },
      { state: 'waiting' },
    ],
    [
      'its move must not go on',
      { ...OLD, annotations: { ...ASKED.annotations, [UNCOUNTED_MOVE_ANNOTATION]: '' } },
      { refusal: REFUSAL },
      { state: 'blocked' },
    ],
    [
      'Cluster API asks for it',
      { ...OLD, ...ASKED },
      {},
      { state: 'waiting', message: 'Cluster API updates it in place, the Node reports v1.33.7' },
    ],
    [
      'the Node is late',
      { ...OLD, record: DONE },
      {},
      { state: 'waiting', message: 'operation 3 ended well; asks for v1.34.3, the Node reports v1.33.7' },
    ],
    [
      'it is paused',
      { ...OLD },
      { paused: 'Cluster edge' },
      { state: 'waiting', message: expect.stringMatching(/; Cluster edge is paused$/) },
    ],
    [
      'its turn will come',
      { ...OLD, version: 'v1.33.7' },
      { wanted: 'v1.34.3' },
      { state: 'queued', message: 'its owner asks for v1.34.3' },
    ],
  ])('%s', (_name, sample, facts, expected) => {
    expect(statusOf(sample, facts)).toMatchObject(expected);
  });
});
