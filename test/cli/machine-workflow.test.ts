import { expect, it } from '@jest/globals';
import { workflowNameOf } from '../../src/api/operation.ts';
import { machineWorkflow } from '../../src/cli/machine-workflow.ts';
import { machineView } from '../../src/hook/kubernetes/views.ts';
import { machineSample, recordSample, workflowSample } from '../helpers/operator-objects.ts';

const machine = machineView(machineSample('m.1', { record: {} }));
const ofOwner = {
  metadata: { namespace: 'lab', name: 'refit-md-0-1' },
  spec: {
    entrypoint: 'upgrade',
    templates: [
      {
        name: 'upgrade',
        dag: { tasks: [{ name: 'prepare' }, { name: 'machine-m-1' }, { name: 'machine-m-2' }] },
      },
      { name: 'machine', dag: { tasks: [{ name: 'begin' }, { name: 'kubelet' }, { name: 'settle' }] } },
    ],
  },
  status: {
    phase: 'Running',
    nodes: {
      a: { name: 'refit-md-0-1.machine-m-1.begin', type: 'Pod', phase: 'Succeeded' },
      b: { name: 'refit-md-0-1.machine-m-1.kubelet', type: 'Pod', phase: 'Running' },
      c: { name: 'refit-md-0-1.machine-m-2.begin', type: 'Pod', phase: 'Failed' },
    },
  },
};

it('shows of the Workflow of an owner the steps of one Machine', () => {
  const view = machineWorkflow(ofOwner, machine);
  expect(view).toMatchObject({ name: 'refit-md-0-1', machine: 'm.1', phase: 'Running' });
  expect(view.tasks.map(({ name, phase }) => `${name} ${phase}`)).toEqual([
    'begin Succeeded',
    'kubelet Running',
    'settle Pending',
  ]);
});

it("shows a Machine's own Workflow as it is", () => {
  expect(machineWorkflow(workflowSample('m-1', 3, 'stage'), { name: 'm-1' }).tasks).toHaveLength(8);
});

it('is named by the record, or after the operation', () => {
  expect(workflowNameOf(machine, recordSample({ workflow: 'refit-md-0-1' }))).toBe('refit-md-0-1');
  expect(workflowNameOf(machine, recordSample())).toMatch(/^refit-m-1-[0-9a-f]{8}-3$/);
});
