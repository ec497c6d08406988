import { expect, it } from '@jest/globals';
import { failedTasks, stepFailures } from '../../src/api/workflow-failures.ts';

function workflow(...nodes: object[]) {
  return {
    metadata: { name: 'refit-edge-1' },
    status: { nodes: Object.fromEntries(nodes.map((node, index) => [`n${index}`, { ...node }])) },
  };
}
const pod = (name: string, phase: string, message?: string) => ({ name, phase, type: 'Pod', message });

it('gives the last try of each step that failed', () => {
  const found = stepFailures(
    workflow(
      { name: 'refit-edge-1.machine-cp-a', phase: 'Failed', type: 'DAG', message: 'child failed' },
      {
        name: 'refit-edge-1.machine-cp-a.kubeadm',
        phase: 'Failed',
        type: 'Retry',
        message: 'No more retries left',
      },
      pod('refit-edge-1.machine-cp-a.kubeadm(1)', 'Failed', 'etcd is not healthy'),
      pod('refit-edge-1.machine-cp-a.kubeadm(0)', 'Error', 'pod deleted'),
      pod('refit-edge-1.machine-cp-a.stage(0)', 'Succeeded'),
      pod('refit-edge-1.machine-cp-b.begin', 'Failed'),
      pod('refit-edge-1.onExit', 'Failed', 'not one of ours'),
      pod('other.machine-cp-a.kubeadm', 'Failed', 'of another'),
    ),
  );
  expect(found).toEqual([
    { task: 'machine-cp-b', step: 'begin', message: 'no message' },
    { task: 'machine-cp-a', step: 'kubeadm', message: 'etcd is not healthy' },
  ]);
});

it('gives the cause first, whichever pod ended first', () => {
  const steps = ['settle', 'verify', 'kubelet', 'begin', 'drain'];
  const found = stepFailures(
    workflow(...steps.map((step) => pod(`refit-edge-1.machine-cp-a.${step}(0)`, 'Failed', 'why'))),
  );
  expect(found.map(({ step }) => step)).toEqual(['begin', 'drain', 'kubelet', 'verify', 'settle']);
});

it('finds nothing in a Workflow that has not begun', () => {
  expect(stepFailures({ metadata: { name: 'w' } })).toEqual([]);
});

it('gives the tasks of the outer DAG that failed, not what failed in them and was tried again', () => {
  const found = failedTasks(
    workflow(
      { name: 'refit-edge-1', phase: 'Failed', type: 'DAG' },
      { name: 'refit-edge-1.machine-cp-a', phase: 'Running', type: 'DAG' },
      pod('refit-edge-1.machine-cp-a.kubeadm(0)', 'Error'),
      { name: 'refit-edge-1.machine-cp-b', phase: 'Error', type: 'DAG' },
      { name: 'refit-edge-1.machine-cp-c', phase: 'Omitted', type: 'Skipped' },
    ),
  );
  expect(found).toEqual(['machine-cp-b']);
});
