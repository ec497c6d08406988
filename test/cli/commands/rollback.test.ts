import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { BLOCKED_ANNOTATION, RETRY_ANNOTATION } from '../../../src/api/labels.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { FLIP_CHANGE } from '../../../src/api/step-result.ts';
import { list, text, texts } from '../../../src/kubernetes/fields.ts';
import { eventually } from '../../helpers/eventually.ts';
import { machineSample, PLACES, workflowSample } from '../../helpers/operator-objects.ts';
import { operatorSite, type OperatorSite } from '../../helpers/operator-site.ts';

const FAILED = { state: 'failed', reason: 'step kubelet: boom', finishedAt: '2026-01-01T11:20:00Z' } as const;
const RESULT = {
  ...{ version: 1, step: 'kubeadm', operation: 'refit-cp-3-1', outcome: 'changed', message: 'done' },
  ...{ startedAt: '2026-01-01T11:00:00Z', durationSeconds: 9 },
};
const TEMPLATES = '/apis/argoproj.io/v1alpha1/clusterworkflowtemplates';

let on: OperatorSite;
beforeEach(async () => {
  on = await operatorSite();
  on.put(machineSample('m-1', { worker: true, kubelet: 'v1.33.7', record: FAILED }), machineSample('cp-1'));
  on.put(workflowSample('m-1', 3, 'kubelet'));
  on.putAt(TEMPLATES, { metadata: { name: 'refit-steps-0-0-9' } }, { metadata: { name: 'other' } });
  on.putAt('/api/v1/configmaps', { metadata: { namespace: 'lab', name: 'refit-image-map' } });
});
afterEach(() => on.end());

const rollback = (...argv: string[]) => on.run('rollback', '-n', 'lab', ...argv);
const blocked = () => texts(on.get('Machine', 'm-1'), 'metadata', 'annotations')[BLOCKED_ANNOTATION];
const made = (): JsonObject[] =>
  on.server.data
    .list(PLACES.Workflow, 'lab')
    .filter((object) => text(object, 'metadata', 'name')?.includes('rollback'));

async function ends(phase: string, more: JsonObject = {}): Promise<void> {
  await eventually('Workflow created', () => made().length > 0);
  const name = text(made().at(-1), 'metadata', 'name') ?? '';
  const node = { name: `${name}.rollback`, type: 'Pod', phase, ...more };
  const status = { phase, finishedAt: '2026-01-01T12:00:00Z', nodes: { a: node } };
  on.server.data.patch({ collection: PLACES.Workflow, namespace: 'lab', name }, { status });
}

describe('refit rollback', () => {
  it('without --yes only says what it would do, in 80 columns', async () => {
    const { code, stdout } = await rollback('m-1');
    expect(code).toBe(EXIT.done);
    expect(stdout).toBe(`\
worker lab/m-1, Node m-1
operation 3 (v1.33.7 to v1.34.3) failed: step kubelet: boom

UNDONE, in this order
  kubelet     kubelet, kubectl and their configuration; the kubelet restarts,
              pods go on
  kubeadm     kubeadm and what it wrote in /etc/kubernetes and /var/lib/kubelet

NOT UNDONE
  what Cluster API asks for: its Machine still says v1.34.3, and the control
  plane's ConfigMaps do
  a cordon of the Node: \`kubectl uncordon\` when pods may run there

HOW
  The node puts back the files that it kept (/var/lib/refit), the last step
  first, and restarts what they belong to. It is not drained. The Machine is
  then marked blocked, since Cluster API is ahead of it: nothing is started on
  it until \`refit retry\`.

Nothing was done. To do it: refit rollback -n lab m-1 --yes
`);
    expect([blocked(), made()]).toEqual([undefined, []]);
  });

  it('with --yes marks the Machine, makes the Workflow and waits for its end', async () => {
    const result = JSON.stringify({ message: 'kubelet: restored: /usr/bin/kubelet' });
    const ended = ends('Succeeded', { outputs: { parameters: [{ name: 'result', value: result }] } });
    const { code, stdout } = await rollback('m-1', '--yes');
    await ended;
    expect(code).toBe(EXIT.done);
    expect(stdout).toContain('Rolled back: kubelet: restored: /usr/bin/kubelet\n');
    expect(blocked()).toBe('a rollback of operation 3 was asked for');
    const [task] = list(made()[0], 'spec', 'templates').flatMap((template) => list(template, 'dag', 'tasks'));
    expect(text(task, 'templateRef', 'name')).toBe('refit-steps-0-0-9');

    const again = await rollback('m-1', '--yes');
    expect(again.code).toBe(EXIT.badInput);
    expect(again.stderr).toMatch(/operation 3 was rolled back already \(Workflow \S+-rollback-1\)/);
    expect(made()).toHaveLength(1);
  });

  it('ends with 1 and the reason when it fails, and makes another Workflow the next time', async () => {
    const ended = ends('Failed', { message: 'kubelet: not restored: exit code 1' });
    const { code, stderr } = await rollback('m-1', '--yes');
    await ended;
    expect(code).toBe(EXIT.failed);
    expect(stderr).toContain('refit: rollback failed: kubelet: not restored: exit code 1\n');
    await rollback('m-1', '--yes', '--no-wait');
    expect(made().map((object) => text(object, 'metadata', 'name')?.slice(-10))).toEqual([
      'rollback-1',
      'rollback-2',
    ]);
  });

  it('takes up one that runs, instead of making another', async () => {
    await rollback('m-1', '--yes', '--no-wait');
    expect(await rollback('m-1', '--yes', '--no-wait')).toMatchObject({
      code: EXIT.done,
      stderr: expect.stringMatching(/^A rollback runs already: Workflow lab\/refit-m-1-.*-rollback-1\n$/),
    });
    expect(made()).toHaveLength(1);
  });

  it('takes a retry back that has not begun: the server would obey it beside the rollback', async () => {
    on.put(machineSample('m-2', { worker: true, record: FAILED, annotations: { [RETRY_ANNOTATION]: '' } }));
    expect((await rollback('m-2', '--yes', '--no-wait')).code).toBe(EXIT.done);
    const annotations = texts(on.get('Machine', 'm-2'), 'metadata', 'annotations');
    expect(annotations).toHaveProperty([BLOCKED_ANNOTATION]);
    expect(annotations).not.toHaveProperty([RETRY_ANNOTATION]);
  });

  it('refuses a kubelet that is too old for the newest API server, which may be ahead of its own kubelet', async () => {
    const record = { ...FAILED, from: 'v1.31.9', to: 'v1.32.0' };
    on.put(machineSample('m-2', { worker: true, record }));
    on.put(machineSample('cp-2', { version: 'v1.35.1', kubelet: 'v1.34.3' }));
    const { code, stderr } = await rollback('m-2', '--yes');
    expect(code).toBe(EXIT.badInput);
    expect(stderr).toContain('go back to v1.31.9, too old for the API server (v1.35.1)');
  });

  it('does nothing when the Machine changed meanwhile', async () => {
    on.server.failNext(1, 409, 'patch');
    expect((await rollback('m-1', '--yes')).code).toBe(EXIT.failed);
    expect(made()).toEqual([]);
  });

  it('takes the mark away when the Workflow is refused', async () => {
    on.server.failNext(1, 403, 'create');
    expect((await rollback('m-1', '--yes')).code).not.toBe(EXIT.done);
    expect(blocked()).toBeUndefined();
  });

  it.each([
    ['a Machine that is not there', 'm-9', 'Machine lab/m-9: there is none of this name'],
    ['one that Refit never touched', 'cp-1', 'Machine lab/cp-1: Refit has done nothing on it'],
  ])('is bad input for %s', async (_name, machine, message) => {
    const { code, stderr } = await rollback(machine, '--yes');
    expect(code).toBe(EXIT.badInput);
    expect(stderr).toContain(`refit: ${message}`);
  });
});

describe('refit rollback of a control plane that was flipped', () => {
  const LOSS = 'control plane: can go back; lost would be: configmaps (2)';
  const made = (what: 'look' | 'rollback'): JsonObject[] =>
    on.server.data
      .list(PLACES.Workflow, 'lab')
      .filter((object) => text(object, 'metadata', 'name')?.includes(`-${what}-`));
  const lossOf = (workflow: JsonObject | undefined): unknown =>
    list(list(list(workflow, 'spec', 'templates')[0], 'dag', 'tasks')[0], 'arguments', 'parameters')
      .filter((parameter) => text(parameter, 'name') === 'data-loss')
      .map((parameter) => text(parameter, 'value'))[0];

  beforeEach(() => {
    on.put(machineSample('cp-3', { kubelet: 'v1.34.3', record: { state: 'succeeded' } }));
    const workflow = workflowSample('cp-3', 3, 'complete');
    on.put(workflow);
    const { name } = workflow.metadata;
    const value = JSON.stringify({ ...RESULT, changes: [{ what: FLIP_CHANGE }] });
    const outputs = { parameters: [{ name: 'result', value }] };
    const status = { nodes: { [`${name}.kubeadm`]: { outputs } } };
    on.server.data.patch({ collection: PLACES.Workflow, namespace: 'lab', name }, { status });
  });

  /** Once the node is asked. */
  async function says(phase: 'Succeeded' | 'Failed', message: string): Promise<void> {
    await eventually('Workflow created', () => made('look').length > 0);
    const name = text(made('look').at(-1), 'metadata', 'name') ?? '';
    const outputs = { parameters: [{ name: 'result', value: JSON.stringify({ message }) }] };
    const node = { name: `${name}.rollback`, type: 'Pod', phase, message, outputs };
    const status = { phase, finishedAt: '2026-01-01T12:00:00Z', nodes: { a: node } };
    on.server.data.patch({ collection: PLACES.Workflow, namespace: 'lab', name }, { status });
  }

  it('shows what would be lost, and does nothing without --yes', async () => {
    const [{ code, stdout }] = await Promise.all([rollback('cp-3'), says('Succeeded', LOSS)]);
    expect(code).toBe(EXIT.done);
    expect(stdout).toContain(`\nCONTROL PLANE\n  ${LOSS}\n`);
    expect(stdout).toMatch(/Nothing was done\. To do it: .*cp-3 --yes\n$/);
    expect(lossOf(made('look')[0])).toBe('look');
    expect(made('rollback')).toEqual([]);
    expect(texts(on.get('Machine', 'cp-3'), 'metadata', 'annotations')).not.toHaveProperty([
      BLOCKED_ANNOTATION,
    ]);
  });

  it('shows it first with --yes, too, which accepts it', async () => {
    const [{ stdout }] = await Promise.all([rollback('cp-3', '--yes', '--no-wait'), says('Succeeded', LOSS)]);
    expect(stdout).toContain(LOSS);
    expect(made('rollback').map(lossOf)).toEqual(['accept']);
  });

  it('does nothing when the node says that it cannot go back, unless it is forced', async () => {
    const why = 'control plane: can go back; only by force: Argo Workflows lives in this cluster';
    const [refused] = await Promise.all([rollback('cp-3', '--yes'), says('Failed', why)]);
    expect(refused.code).toBe(EXIT.failed);
    expect(refused.stdout.replaceAll(/\s+/g, ' ')).toContain(why);
    expect(refused.stderr).toContain('Nothing was done.\n');
    expect(made('rollback')).toEqual([]);
    for (const { name } of made('look').map((object) => ({ name: text(object, 'metadata', 'name') ?? '' })))
      on.server.data.delete({ collection: PLACES.Workflow, namespace: 'lab', name });
    await Promise.all([rollback('cp-3', '--yes', '--force', '--no-wait'), says('Failed', why)]);
    expect(made('rollback').map(lossOf)).toEqual(['force']);
  });
});
