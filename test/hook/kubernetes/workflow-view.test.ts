import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { workflowView } from '../../../src/hook/kubernetes/workflow-view.ts';
import type { TaskView } from '../../../src/hook/store.ts';
import { recordedWorkflow } from './samples.ts';

const NAME = 'wf';

/** A Workflow of tasks a and b with these workflow nodes, given by the end of their name. */
function sample(nodes: Record<string, JsonObject>, more: JsonObject = {}): JsonObject {
  const ids = Object.entries(nodes).map(([path, node]) => [
    `id-${path}`,
    { id: `id-${path}`, name: `${NAME}${path}`, ...node },
  ]);
  return {
    metadata: { namespace: 'lab', name: NAME, labels: { 'capi-refit.io/machine': 'm-1' } },
    spec: {
      entrypoint: 'update',
      templates: [{ name: 'other' }, { name: 'update', dag: { tasks: [{ name: 'a' }, { name: 'b' }] } }],
    },
    status: { phase: 'Running', nodes: Object.fromEntries(ids) as JsonObject, ...more },
  };
}

function task(view: ReturnType<typeof workflowView>, name: string): TaskView | undefined {
  return view.tasks.find((candidate) => candidate.name === name);
}

describe('a task that is a DAG of its own', () => {
  it('has those of its steps that began, each by its last try', () => {
    const view = workflowView(
      sample({
        '.a': { type: 'DAG', phase: 'Running' },
        '.a.stage': { type: 'Retry', phase: 'Failed', children: ['id-.a.stage(0)', 'id-.a.stage(1)'] },
        '.a.stage(0)': { phase: 'Failed', message: 'first' },
        '.a.stage(1)': { phase: 'Failed', message: 'second' },
        '.a.drain': { type: 'Skipped', phase: 'Skipped' },
        '.onExit.release': { phase: 'Running' },
      }),
    );
    expect(task(view, 'a')?.steps).toEqual([
      { name: 'stage', phase: 'Failed', message: 'second', outputs: {} },
      { name: 'drain', phase: 'Skipped', outputs: {} },
    ]);
    expect(task(view, 'b')).not.toHaveProperty('steps');
  });
});

it('a Workflow that waits says which ones have the lock', () => {
  const waiting = (synchronization: JsonObject) => workflowView(sample({}, { synchronization })).lockHolders;
  expect(waiting({ mutex: { waiting: [{ holder: 'lab/refit-a-1', mutex: 'lab/Mutex/x' }] } })).toEqual([
    'refit-a-1',
  ]);
  const holders = ['lab/refit-a-1', 'lab/refit-b-1/refit-b-1-123'];
  expect(waiting({ semaphore: { waiting: [{ holders, semaphore: 'lab/ConfigMap/x/workers' }] } })).toEqual([
    'refit-a-1',
    'refit-b-1',
  ]);
  expect(waiting({ mutex: { holding: [{ holder: 'lab/wf', mutex: 'lab/Mutex/x' }] } })).toBeUndefined();
});

describe('a Workflow that is so large that Argo has packed it', () => {
  const packed = (compressedNodes: string) => {
    const { nodes, ...status } = sample({ '.a': { phase: 'Running' } })['status'] as JsonObject;
    return { nodes, workflow: { ...sample({}), status: { ...status, compressedNodes } } };
  };

  it('is read like any other', () => {
    const { nodes } = packed('');
    const { workflow } = packed(gzipSync(JSON.stringify(nodes)).toString('base64'));
    expect(task(workflowView(workflow), 'a')?.phase).toBe('Running');
  });

  it('is seen without its tasks when that is broken', () => {
    expect(workflowView(packed('AAAA').workflow)).toMatchObject({ name: NAME, phase: 'Running' });
  });
});

describe('a recorded Workflow', () => {
  it('that waits for its turn has all its tasks Pending and says what it waits for', () => {
    const view = workflowView(recordedWorkflow('waiting'));
    expect(view).toMatchObject({ namespace: 'lab', machine: 'md-0-a', phase: 'Pending', stopping: false });
    expect(view.message).toMatch(/^Waiting for lab\/ConfigMap\/refit-refit-concurrency\/workers lock/);
    expect(view.tasks).toHaveLength(13);
    expect(view.tasks.every(({ phase, startedAt }) => phase === 'Pending' && startedAt === undefined)).toBe(
      true,
    );
    expect(view.finishedAt).toBeUndefined();
    expect(view.finish).toBeUndefined();
  });

  it('that runs has its tasks in the order of the spec, each with its phase', () => {
    const view = workflowView(recordedWorkflow('running'));
    expect(view.tasks.map(({ name, phase }) => `${name} ${phase}`)).toEqual([
      'preflight Succeeded',
      'protect Succeeded',
      'backup Succeeded',
      'stage Succeeded',
      'prepull Succeeded',
      'drain Skipped',
      'containerd Succeeded',
      'kubeadm Succeeded',
      'configure Succeeded',
      'kubelet Running',
      'verify Pending',
      'uncordon Pending',
      'complete Pending',
    ]);
    expect(task(view, 'kubelet')?.message).toBe('Backoff for 10 seconds');
    expect(task(view, 'drain')?.message).toContain('evaluated false');
    expect(task(view, 'prepull')?.startedAt).toBe('2026-11-21T11:37:34Z');
  });

  it('gives the output parameters of a task that was tried again', () => {
    const view = workflowView(recordedWorkflow('running'));
    expect(task(view, 'preflight')?.outputs).toEqual({
      work: 'true',
      drain: 'false',
      result: '{"version":1}',
    });
    expect(task(view, 'prepull')?.outputs).toEqual({ result: '{"version":1}' });
  });

  it('that failed tells why by the words of the last try, and what was left out', () => {
    const view = workflowView(recordedWorkflow('failed'));
    expect(view).toMatchObject({ phase: 'Failed', finishedAt: '2026-11-21T11:38:02Z' });
    expect(task(view, 'kubelet')).toMatchObject({
      phase: 'Failed',
      message: 'main: Error (exit code 1): kubelet: sha256 differs',
      finishedAt: expect.any(String),
    });
    expect(task(view, 'complete')).toMatchObject({
      phase: 'Omitted',
      message: 'omitted: depends condition not met',
    });
    expect(view.finish).toMatchObject({ name: 'finish', phase: 'Succeeded', outputs: { host: 'idle' } });
  });

  it('that was stopped has the outcome of its exit handler', () => {
    const view = workflowView(recordedWorkflow('stopped'));
    expect(view).toMatchObject({ stopping: true, phase: 'Failed', message: "Stopped with strategy 'Stop'" });
    expect(view.finish).toMatchObject({ phase: 'Succeeded', outputs: { host: 'idle' } });
  });

  it('that was stopped with a DAG as exit handler has no outcome of it', () => {
    const view = workflowView(recordedWorkflow('stopped-exit-dag'));
    expect(view.finishedAt).toBeDefined();
    expect(view.finish).toMatchObject({ phase: 'Running', outputs: {} });
  });

  it('costs little memory', () => {
    const workflow = recordedWorkflow('failed');
    const text = JSON.stringify(workflowView(workflow));
    expect(text).not.toMatch(/managedFields|storedTemplates|templateRef|dag/);
    expect(text.length).toBeLessThan(4096);
  });
});

describe('workflowView', () => {
  it('does not rely on display names: an annotation changes them', () => {
    const view = workflowView(sample({ '.a': { type: 'Pod', displayName: 'Step A', phase: 'Succeeded' } }));
    expect(task(view, 'a')?.phase).toBe('Succeeded');
  });

  it('takes outputs and message of the last try as long as the Retry node has none', () => {
    const view = workflowView(
      sample({
        '.a': { type: 'Retry', phase: 'Running', children: ['id-.a(0)', 'id-.a(1)', 'id-.b'] },
        '.a(0)': { type: 'Pod', phase: 'Failed', message: 'first' },
        '.a(1)': {
          type: 'Pod',
          phase: 'Failed',
          message: 'second',
          outputs: { parameters: [{ name: 'x', value: '1' }] },
        },
        '.b': { type: 'Pod', phase: 'Running', message: 'not a try' },
      }),
    );
    expect(task(view, 'a')).toMatchObject({ message: 'second', outputs: { x: '1' } });
  });

  it('keeps the Retry node own words if no try has any', () => {
    const view = workflowView(
      sample({
        '.a': { type: 'Retry', phase: 'Failed', message: 'No more retries left', children: ['id-.a(0)'] },
        '.a(0)': { type: 'Pod', phase: 'Failed' },
      }),
    );
    expect(task(view, 'a')?.message).toBe('No more retries left');
  });

  it('cuts messages to 512 characters and leaves out long outputs', () => {
    const parameters = [
      { name: 'long', value: 'x'.repeat(2000) },
      { name: 'short', value: 'y' },
      { name: 'none' },
    ];
    const node = { type: 'Pod', phase: 'Failed', message: 'm'.repeat(600), outputs: { parameters } };
    const view = workflowView(sample({ '.a': node }, { message: 'w'.repeat(600) }));
    expect(task(view, 'a')?.message).toBe(`${'m'.repeat(509)}...`);
    expect(view.message).toHaveLength(512);
    expect(task(view, 'a')?.outputs).toEqual({ short: 'y' });
  });

  it('takes the Machine from the owner: the label of a long name is cut', () => {
    const workflow = sample({});
    expect(workflowView(workflow).machine).toBe('m-1');
    const metadata = workflow['metadata'] as JsonObject;
    metadata['ownerReferences'] = [{ kind: 'Machine', name: 'm-with-a-long-name' }];
    expect(workflowView(workflow).machine).toBe('m-with-a-long-name');
  });

  it('shows an exit handler that is no DAG', () => {
    const view = workflowView(sample({ '.onExit': { type: 'Pod', phase: 'Error', message: 'pod deleted' } }));
    expect(view.finish).toEqual({ name: 'finish', phase: 'Error', message: 'pod deleted', outputs: {} });
  });

  it.each([
    ['no status', {}],
    ['an unknown phase', { status: { phase: 'Odd' } }],
    ['odd types everywhere', { spec: { templates: 3 }, status: { nodes: [1], phase: {} } }],
  ])('takes %s for a Workflow that did not start', (_, object) => {
    expect(workflowView(object)).toMatchObject({ phase: 'Pending', tasks: [], stopping: false });
  });
});
