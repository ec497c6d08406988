import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { EXIT } from '../../../src/api/commands.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { eventually } from '../../helpers/eventually.ts';
import {
  clusterSample,
  controlPlaneSample,
  deploymentSample,
  machineSample,
  NAMESPACE,
  PLACES,
  type Sample,
} from '../../helpers/operator-objects.ts';
import { operatorSite, type OperatorSite } from '../../helpers/operator-site.ts';

const NO_SURGE = { rollout: { strategy: { rollingUpdate: { maxSurge: 0 } } } };
const OLD = { version: 'v1.33.7', kubelet: 'v1.33.7' };
const images = { 'v1.34.3': { kubernetes: 'v1.34.3', image: `example.com/u@sha256:${'a'.repeat(64)}` } };

let on: OperatorSite;
beforeEach(async () => {
  on = await operatorSite();
  on.put(clusterSample(), controlPlaneSample('v1.33.7', NO_SURGE), deploymentSample('v1.33.7', NO_SURGE));
  on.put(machineSample('cp-1', OLD), machineSample('md-1', { ...OLD, worker: true }));
  const metadata = { namespace: NAMESPACE, name: 'refit-image-map' };
  on.putAt('/api/v1/configmaps', { metadata, data: { 'images.yaml': stringify(images) } });
});
afterEach(() => on.end());

const upgrade = (...argv: string[]) => on.run('upgrade', 'edge', '-n', 'lab', ...argv);
const controlPlane = () => text(on.get('KubeadmControlPlane', 'edge-cp'), 'spec', 'version');
const workers = () => text(on.get('MachineDeployment', 'md-0'), 'spec', 'template', 'spec', 'version');

function patch(kind: Sample['kind'], name: string, change: object): void {
  on.server.data.patch({ collection: PLACES[kind], namespace: NAMESPACE, name }, change as never);
}
/** As Cluster API and Refit leave it. */
function updated(name: string): void {
  patch('Machine', name, {
    spec: { version: 'v1.34.3' },
    status: { nodeInfo: { kubeletVersion: 'v1.34.3' } },
  });
}

describe('refit upgrade', () => {
  it('edits the control plane, waits, then the workers, and waits', async () => {
    const ended = upgrade('--to', 'v1.34.3');
    await eventually('control plane edited', () => controlPlane() === 'v1.34.3');
    expect(workers()).toBe('v1.33.7');
    updated('cp-1');
    await eventually('workers edited', () => workers() === 'v1.34.3');
    updated('md-1');
    const { code, stdout } = await ended;
    expect(code).toBe(EXIT.done);
    expect(stdout).toContain('KubeadmControlPlane edge-cp: v1.33.7 to v1.34.3 (edited; Cluster API asks for');
    expect(stdout).toMatch(/\nCluster lab\/edge: done\n$/);
  });

  it('follows a topology from owner to owner, and takes no old failure for a new one', async () => {
    patch('Cluster', 'edge', { spec: { topology: { version: 'v1.33.7' } } });
    const record = { state: 'failed', to: 'v1.33.7', reason: 'long ago' } as const;
    on.put(machineSample('md-2', { ...OLD, worker: true, record }));
    const ended = upgrade('--to', 'v1.34.3');
    await eventually('topology edited', () => {
      return text(on.get('Cluster', 'edge'), 'spec', 'topology', 'version') === 'v1.34.3';
    });
    patch('KubeadmControlPlane', 'edge-cp', { spec: { version: 'v1.34.3' } });
    updated('cp-1');
    patch('MachineDeployment', 'md-0', { spec: { template: { spec: { version: 'v1.34.3' } } } });
    updated('md-1');
    const done = machineSample('md-2', { record: { ...record, state: 'succeeded', to: 'v1.34.3' } });
    patch('Machine', 'md-2', { metadata: { annotations: done.metadata['annotations'] } });
    updated('md-2');
    expect((await ended).code).toBe(EXIT.done);
  });

  it('stops at the first failure', async () => {
    const ended = upgrade('--to', 'v1.34.3');
    await eventually('control plane edited', () => controlPlane() === 'v1.34.3');
    const record = {
      state: 'failed',
      reason: 'step kubeadm: boom',
      finishedAt: '2020-01-01T00:00:00Z',
    } as const;
    patch('Machine', 'cp-1', {
      metadata: { annotations: machineSample('cp-1', { record }).metadata['annotations'] },
    });
    const { code, stderr } = await ended;
    expect(code).toBe(EXIT.failed);
    expect(stderr).toContain(
      'refit: KubeadmControlPlane edge-cp: Machine cp-1 failed: operation 3: step kubeadm: boom\n',
    );
    expect(workers()).toBe('v1.33.7');
  });

  it('ends with 1, not as bad input, when an owner after the first cannot be edited', async () => {
    const ended = upgrade('--to', 'v1.34.3');
    await eventually('control plane edited', () => controlPlane() === 'v1.34.3');
    on.server.failNext(1, 422, 'patch');
    updated('cp-1');
    const { code, stderr } = await ended;
    expect(code).toBe(EXIT.failed);
    expect(stderr).toContain('refit: MachineDeployment lab/md-0: PATCH');
  });

  it('--no-wait edits the first owner only', async () => {
    const { code, stdout, stderr } = await upgrade('--to', 'v1.34.3', '--no-wait');
    expect(code).toBe(EXIT.done);
    expect([controlPlane(), workers()]).toEqual(['v1.34.3', 'v1.33.7']);
    expect((stdout + stderr).split('\n').filter(({ length }) => length > 80)).toEqual([]);
  });

  it('--no-wait goes on to the next owner when the first is done', async () => {
    await upgrade('--to', 'v1.34.3', '--no-wait');
    expect((await upgrade('--to', 'v1.34.3', '--no-wait')).stderr).toMatch(/^Not waited for/);
    expect(workers()).toBe('v1.33.7');
    updated('cp-1');
    expect((await upgrade('--to', 'v1.34.3', '--no-wait')).code).toBe(EXIT.done);
    expect(workers()).toBe('v1.34.3');
    updated('md-1');
    expect((await upgrade('--to', 'v1.34.3', '--no-wait')).stdout).toMatch(/\nCluster lab\/edge: done\n$/);
  });

  it('is bad input where the steps could take no image, and writes nothing', async () => {
    const place = { collection: '/api/v1/configmaps', namespace: NAMESPACE, name: 'refit-image-map' };
    on.server.data.delete(place);
    const { code, stderr } = await upgrade('--to', 'v1.34.3', '--no-wait');
    expect(code).toBe(EXIT.badInput);
    expect(stderr).toContain(
      'ConfigMap lab/refit-image-map: not there: apply dist/refit-cluster-namespace-lab',
    );
    expect(controlPlane()).toBe('v1.33.7');
  });

  it.each([
    [
      'what the image map lacks',
      ['--to', 'v1.35.0'],
      'refit: Cluster lab/edge: v1.35.0: not in the image map, which has v1.34.3',
    ],
    ['neither version nor release', [], 'refit: --to, --release: got nothing, expected one of them'],
  ])('is bad input for %s, and writes nothing', async (_name, argv, message) => {
    const { code, stderr } = await upgrade(...argv);
    expect(code).toBe(EXIT.badInput);
    expect(stderr).toContain(message);
    expect(controlPlane()).toBe('v1.33.7');
  });

  it('is bad input for a Cluster that is not there', async () => {
    expect(await on.run('upgrade', 'egde', '--to', 'v1.34.3', '-n', 'lab')).toMatchObject({
      code: EXIT.badInput,
      stderr: 'refit: Cluster lab/egde: there is none of this name\n',
    });
  });
});
