import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { writeExternal } from '../../../src/api/external-record.ts';
import { RETRY_ANNOTATION, UPDATE_IN_PROGRESS_ANNOTATION } from '../../../src/api/labels.ts';
import { texts } from '../../../src/kubernetes/fields.ts';
import {
  deploymentSample,
  machineSample,
  NAMESPACE,
  PLACES,
  type Sample,
  uidOf,
  workflowSample,
} from '../../helpers/operator-objects.ts';
import { operatorSite, type OperatorSite } from '../../helpers/operator-site.ts';

const FAILED = {
  state: 'failed',
  reason: 'step drain: PodDisruptionBudget web/front allows no eviction for 20 minutes',
} as const;
const annotations = { [UPDATE_IN_PROGRESS_ANNOTATION]: '' };

let on: OperatorSite;
beforeEach(async () => {
  on = await operatorSite();
  on.put(machineSample('cp-1', { record: FAILED, annotations }), machineSample('cp-2', { record: {} }));
  on.put(machineSample('cp-3', { record: FAILED, annotations }), machineSample('cp-4'));
});
afterEach(() => on.end());

const asked = (...names: string[]) =>
  names.filter((name) => RETRY_ANNOTATION in texts(on.get('Machine', name), 'metadata', 'annotations'));
const retry = (...argv: string[]) => on.run('retry', '-n', 'lab', ...argv);

function failedOwner(): Sample {
  const owner = deploymentSample();
  const record = { version: 1, number: 2, state: 'failed', to: 'v1.34.3', reason: 'boom' } as const;
  return { ...owner, metadata: { ...owner.metadata, annotations: writeExternal(record) } };
}

describe('refit retry', () => {
  it('asks for one Machine, in 80 columns', async () => {
    const { code, stdout } = await retry('cp-1');
    expect(code).toBe(EXIT.done);
    expect(stdout).toBe(`\
Machine lab/cp-1: operation 3 failed (step drain: PodDisruptionBudget web/front
allows no eviction for 20 minutes): asked for again
`);
    expect(asked('cp-1', 'cp-2', 'cp-3')).toEqual(['cp-1']);
  });

  it('asks for all that failed', async () => {
    expect(await retry('--failed')).toMatchObject({ code: EXIT.done, stderr: '' });
    expect(asked('cp-1', 'cp-2', 'cp-3', 'cp-4')).toEqual(['cp-1', 'cp-3']);
  });

  it('asks with --failed for the owner, once, whose Machines Refit upgrades', async () => {
    const ofOwner = { worker: true, record: { ...FAILED, workflow: 'refit-md-0-2' } };
    on.put(machineSample('md-1', ofOwner), machineSample('md-2', ofOwner), failedOwner());
    const { code, stdout } = await retry('--failed');
    expect(code).toBe(EXIT.done);
    expect(stdout.match(/MachineDeployment lab\/md-0: upgrade 2 failed/g)).toHaveLength(1);
    expect(asked('cp-1', 'md-1', 'md-2')).toEqual(['cp-1']);
  });

  it('does what can be done, says what cannot, and ends with 1', async () => {
    const { code, stderr } = await retry('cp-2', 'cp-1', 'cp-9');
    expect(code).toBe(EXIT.failed);
    expect(stderr).toContain('refit: Machine lab/cp-2: operation 3 is running');
    expect(stderr).toContain('refit: Machine lab/cp-9: there is none of this name');
    expect(asked('cp-1', 'cp-2')).toEqual(['cp-1']);
  });

  it('asks for the upgrade of an owner again', async () => {
    on.put(failedOwner());
    expect(await retry('md/md-0')).toEqual({
      code: EXIT.done,
      stdout: 'MachineDeployment lab/md-0: upgrade 2 failed (boom): asked for again\n',
      stderr: '',
    });
    expect(texts(on.get('MachineDeployment', 'md-0'), 'metadata', 'annotations')).toHaveProperty([
      RETRY_ANNOTATION,
    ]);
  });

  it('is bad input for another kind, and touches none of the others', async () => {
    const { code, stderr } = await retry('cp-1', 'ms/md-0');
    expect(code).toBe(EXIT.badInput);
    expect(stderr).toContain('got "ms/md-0", expected a Machine, or kubeadmcontrolplane/NAME');
    expect(asked('cp-1')).toEqual([]);
  });

  it('refuses while the node is rolled back: two would work on it', async () => {
    const rolledBack = workflowSample('cp-1', 3, 'kubelet');
    const labels = {
      'capi-refit.io/machine-uid': uidOf('cp-1'),
      'capi-refit.io/operation': '3',
      'capi-refit.io/rollback': '1',
    };
    const metadata = { ...rolledBack.metadata, name: 'refit-cp-1-rollback-1', labels };
    on.put({ ...rolledBack, metadata });
    const { code, stderr } = await retry('cp-1');
    expect(code).toBe(EXIT.failed);
    expect(stderr).toMatch(/lab\/cp-1: it is being rolled back \(Workflow\s+refit-cp-1-rollback-1\)/);
    expect(asked('cp-1')).toEqual([]);
    const place = { collection: PLACES.Workflow, namespace: NAMESPACE, name: metadata.name };
    on.server.data.patch(place, { status: { finishedAt: '2026-01-01T12:00:00Z' } });
    expect((await retry('cp-1')).code).toBe(EXIT.done);
  });

  it('reads again when somebody else was first', async () => {
    on.server.failNext(1, 409, 'patch');
    expect((await retry('cp-1')).code).toBe(EXIT.done);
    expect(asked('cp-1')).toEqual(['cp-1']);
  });

  it.each([[[]], [['cp-1', '--failed']]])('%j is bad input', async (argv) => {
    const { code, stderr } = await retry(...argv);
    expect(code).toBe(EXIT.badInput);
    expect(stderr).toContain('--failed');
  });

  it('says that nothing has failed', async () => {
    expect(await on.run('retry', '--failed', '-n', 'other')).toMatchObject({
      code: EXIT.done,
      stderr: 'No operation has failed in namespace other\n',
    });
  });
});
