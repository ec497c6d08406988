import { describe, expect, it } from '@jest/globals';
import { OPERATION_ANNOTATION } from '../../../src/api/labels.ts';
import { decideRollback, type RollbackFacts, type RollbackPlan } from '../../../src/cli/rollback/decision.ts';
import { FLIP_CHANGE } from '../../../src/api/step-result.ts';
import { machineView } from '../../../src/hook/kubernetes/views.ts';
import { workflowView } from '../../../src/hook/kubernetes/workflow-view.ts';
import { machineSample, workflowSample, type MachineSample } from '../../helpers/operator-objects.ts';

const FAILED = { state: 'failed', reason: 'step kubelet: boom', finishedAt: '2026-01-01T11:20:00Z' } as const;

function decide(
  sample: MachineSample,
  facts: Partial<RollbackFacts> = {},
): RollbackPlan & { refusal?: string } {
  const machine = machineView(machineSample('m-1', sample));
  return decideRollback({ machine, ...facts }) as RollbackPlan & { refusal?: string };
}
const stepsOf = ({ undone }: RollbackPlan) => undone.map(({ step }) => step);
const workflowAt = (step: string) => workflowView(workflowSample('m-1', 3, step));

describe('what is undone', () => {
  it('is what the operation had begun, the last step first', () => {
    expect(stepsOf(decide({ record: FAILED }, { workflow: workflowAt('kubelet') }))).toEqual([
      'kubelet',
      'kubeadm',
    ]);
  });

  it('is nothing of a step whose pod has only waited', () => {
    const workflow = workflowAt('kubelet');
    const waiting = { message: 'main: Error (exit code 1): not begun: step backup: no room' };
    const idle = { outputs: { message: 'nothing is to be done on the node' } };
    const tasks = workflow.tasks.map((task) =>
      task.name === 'kubelet'
        ? { ...task, ...waiting }
        : task.name === 'kubeadm'
          ? { ...task, ...idle }
          : task,
    );
    expect(decide({ record: FAILED }, { workflow: { ...workflow, tasks } }).refusal).toMatch(
      /had not begun to change the node/,
    );
  });

  it('may be every step when the Workflow is gone', () => {
    expect(stepsOf(decide({ record: FAILED }))).toEqual([
      'kubelet',
      'configure',
      'kubeadm',
      'cni',
      'containerd',
    ]);
  });

  it('can be an operation that ended well', () => {
    expect(decide({ record: { state: 'succeeded' } })).toHaveProperty('undone');
  });
});

describe('what stays', () => {
  it('is, of a control plane, what a newer etcd or API server has made', () => {
    expect(decide({ record: FAILED }).stays[0]).toMatch(
      /^kubeadm, configure: not undone as soon as the newer etcd/,
    );
    expect(decide({ record: { ...FAILED, to: 'v1.33.7' } }).stays[0]).toMatch(/not undone if a newer etcd/);
  });

  it('is, of a flipped control plane, nothing of it', () => {
    const workflow = workflowSample('m-1', 3, 'kubelet');
    const value = JSON.stringify({
      ...{ version: 1, step: 'kubeadm', operation: 'x', outcome: 'changed', message: 'done' },
      ...{ startedAt: '2026-01-01T11:00:00Z', durationSeconds: 9, changes: [{ what: FLIP_CHANGE }] },
    });
    const view = workflowView(workflow);
    const tasks = view.tasks.map((task) =>
      task.name === 'kubeadm' ? { ...task, outputs: { result: value } } : task,
    );
    const plan = decide({ record: FAILED }, { workflow: { ...view, tasks } });
    expect(plan.isFlipped).toBe(true);
    expect(plan.stays).toHaveLength(2);
    expect(decide({ record: FAILED }, { workflow: view }).isFlipped).toBe(false);
  });

  it('tells of a flip that it may have been when the Workflow is gone', () => {
    const { isFlipped, stays } = decide({ record: FAILED });
    expect([isFlipped, stays[0]]).toEqual([false, expect.stringMatching(/If it was flipped .* --force/)]);
  });

  it('is, of every Machine, what Cluster API asks for, and the cordon', () => {
    const { stays } = decide({ worker: true, record: FAILED });
    expect(stays).toEqual([
      expect.stringContaining('still says v1.34.3'),
      expect.stringContaining('kubectl uncordon'),
    ]);
  });
});

describe('a refusal', () => {
  it.each<[string, MachineSample, Partial<RollbackFacts>, RegExp]>([
    ['nothing was done', {}, {}, /nothing to undo/],
    [
      'the node was not touched yet',
      { record: FAILED },
      { workflow: workflowAt('stage') },
      /operation 3 had not begun to change the node/,
    ],
    ['an operation runs', { record: {} }, {}, /operation 3 is running: wait for its end/],
    [
      'the node still works',
      { record: { ...FAILED, host: 'working' } },
      {},
      /still works on operation 3.*host cancel/,
    ],
    ['the record is broken', { annotations: { [OPERATION_ANNOTATION]: '{' } }, {}, /unreadable/],
    ['it is being deleted', { record: FAILED, metadata: { deletionTimestamp: 'x' } }, {}, /being deleted/],
    ['it has no Node', { record: FAILED, node: null }, {}, /no Node/],
    [
      'the kubelet would be too old',
      { worker: true, record: { ...FAILED, from: 'v1.30.1', to: 'v1.31.0' } },
      { apiServerVersion: 'v1.34.3' },
      /go back to v1.30.1, too old for the API server \(v1.34.3\)/,
    ],
  ])('when %s', (_name, sample, facts, refusal) => {
    expect(decide(sample, facts)).toEqual({ refusal: expect.stringMatching(refusal) });
  });

  it('is not given for the oldest kubelet that works', () => {
    const record = { ...FAILED, from: 'v1.31.9', to: 'v1.32.0' };
    expect(decide({ worker: true, record }, { apiServerVersion: 'v1.34.3' })).toHaveProperty('undone');
  });
});
