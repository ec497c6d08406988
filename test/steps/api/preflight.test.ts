import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { CONTROL_PLANE_LABEL, CORDONED_BY_ANNOTATION } from '../../../src/api/labels.ts';
import { afterPreflight, beforePreflight } from '../../../src/steps/api/preflight.ts';
import { machineObject, nodeObject, put, staticPod } from './samples.ts';
import { apiSite, MACHINES, nodeReport, NODES, PODS, type ApiSite } from './site.ts';

const CONTROL_PLANE = { [CONTROL_PLANE_LABEL]: '' };
const NAMESPACE = { collection: '/api/v1/namespaces', namespace: '', name: 'capi-refit-node' };
const ACCOUNT = { collection: '/api/v1/serviceaccounts', namespace: 'capi-refit-node', name: 'refit-node' };

let on: ApiSite;
beforeEach(async () => {
  on = await apiSite();
  on.workload.gitVersion = 'v1.34.3';
  on.workload.data.create(NAMESPACE, { metadata: { name: NAMESPACE.name } });
  on.workload.data.create(ACCOUNT, { metadata: { name: ACCOUNT.name, namespace: ACCOUNT.namespace } });
});
afterEach(() => on.end());

const given = (machine: JsonObject, node: JsonObject = nodeObject()): void => {
  put(on.management, MACHINES, machine);
  put(on.workload, NODES, node);
};

describe('before the node is asked, preflight', () => {
  it('lets a worker go to the version of its API servers', async () => {
    given(machineObject());
    await expect(on.run(beforePreflight)).resolves.toEqual({
      message: 'Node node-1 at v1.33.7 may go to v1.34.3',
      changes: [],
    });
  });

  it('takes the version of the Machine when none is given', async () => {
    given(machineObject({ spec: { version: 'v1.33.9' } }));
    await expect(on.run(beforePreflight, { flags: { kubernetesVersion: '' } })).resolves.toMatchObject({
      message: 'Node node-1 at v1.33.7 may go to v1.33.9',
    });
  });

  it('looks at the API server on every control-plane node', async () => {
    given(machineObject());
    put(on.workload, PODS, staticPod('kube-apiserver', 'v1.34.3', { node: 'cp-1' }));
    put(on.workload, PODS, staticPod('kube-apiserver', 'v1.33.7', { node: 'cp-2' }));
    await expect(on.run(beforePreflight)).rejects.toMatchObject({
      reason: 'Failed',
      message: 'kubelet: got v1.34.3, expected at most the minor version of the API server on cp-2, v1.33.7',
    });
  });

  it('asks the Node where the image of an API server has no tag', async () => {
    given(machineObject());
    put(on.workload, NODES, nodeObject({ name: 'cp-1', version: 'v1.32.1' }));
    put(
      on.workload,
      PODS,
      staticPod('kube-apiserver', '', { node: 'cp-1', image: 'registry/kube-apiserver@sha256:abc' }),
    );
    await expect(on.run(beforePreflight)).rejects.toMatchObject({
      message: expect.stringContaining('on cp-1, v1.32.1'),
    });
  });

  it('lets a control-plane node go one minor above what runs', async () => {
    on.workload.gitVersion = 'v1.33.7';
    given(machineObject({ labels: CONTROL_PLANE }));
    for (const node of ['node-1', 'cp-2', 'cp-3'])
      put(on.workload, PODS, staticPod('kube-apiserver', 'v1.33.7', { node }));
    await expect(on.run(beforePreflight)).resolves.toMatchObject({ changes: [] });
  });

  it.each<[string, JsonObject, JsonObject, string]>([
    [
      'another host under the name of the Node',
      machineObject(),
      nodeObject({ providerID: 'lab://other' }),
      'Node providerID: got lab://other, expected lab://node-1 as the Machine says',
    ],
    [
      'a Node that was made anew',
      { ...machineObject(), status: { nodeRef: { name: 'node-1', uid: 'old' } } },
      nodeObject(),
      'Node uid: got uid-of-node-1, expected old as the Machine says',
    ],
    [
      'a step over a minor version',
      machineObject(),
      nodeObject({ version: 'v1.32.0' }),
      'kubelet: skips a minor version',
    ],
  ])('refuses %s', async (_, machine, node, message) => {
    given(machine, node);
    await expect(on.run(beforePreflight)).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringContaining(message),
    });
  });

  it('refuses a Machine whose Node is not there', async () => {
    put(on.management, MACHINES, machineObject());
    await expect(on.run(beforePreflight)).rejects.toMatchObject({
      reason: 'Failed',
      message: 'Node node-1: not found in the workload cluster',
    });
  });

  it('names the manifests when there is no place for the Jobs', async () => {
    given(machineObject());
    on.workload.data.delete(ACCOUNT);
    await expect(on.run(beforePreflight)).rejects.toMatchObject({
      message:
        'ServiceAccount refit-node: not found in the workload cluster, apply dist/refit-node.k8s.yaml there',
    });
    on.workload.data.delete(NAMESPACE);
    await expect(on.run(beforePreflight)).rejects.toMatchObject({
      message: expect.stringMatching(/^Namespace capi-refit-node, ServiceAccount refit-node: not found/),
    });
  });

  it('gives all reasons at once', async () => {
    given(machineObject(), nodeObject({ version: 'v1.32.0', providerID: 'lab://other' }));
    on.workload.data.delete(NAMESPACE);
    await expect(on.run(beforePreflight)).rejects.toMatchObject({
      message: expect.stringMatching(/providerID.*; kubelet.*; Namespace/),
    });
  });

  it('leaves it to a later try when the API server is away', async () => {
    given(machineObject());
    on.workload.failNext(1, 503);
    await expect(on.run(beforePreflight)).rejects.toMatchObject({ reason: 'Unavailable' });
  });
});

describe('after the node has looked at itself, preflight', () => {
  const report = nodeReport(
    { work: 'true', drain: 'true', 'drain-first': 'true', elsewhere: 'true' },
    'disk and clock are fine',
  );

  it('wants the drain that the node wants', async () => {
    given(machineObject());
    await expect(on.run(afterPreflight, { report })).resolves.toEqual({
      message: 'disk and clock are fine; there is work',
      changes: [],
      outputs: { work: 'true', drain: 'true', 'drain-first': 'true', elsewhere: 'true' },
    });
  });

  it('says aloud that pods stay on the only node', async () => {
    given(machineObject());
    const alone = nodeReport({ ...report.outputs, elsewhere: 'false' });
    await expect(on.run(afterPreflight, { report: alone })).resolves.toMatchObject({
      message: expect.stringContaining('no other node can take its pods: they stay and are disturbed'),
      outputs: { work: 'true', drain: 'false' },
    });
  });

  it('tells of the cordon that an earlier operation left, which is no work', async () => {
    given(machineObject(), nodeObject({ cordoned: true, annotations: { [CORDONED_BY_ANNOTATION]: 'op-2' } }));
    await expect(
      on.run(afterPreflight, { report: nodeReport({ work: 'false', drain: 'false' }) }),
    ).resolves.toMatchObject({
      message: 'looked; nothing to do on the node; left cordoned by op-2, until it is verified',
      outputs: { work: 'false', drain: 'false' },
    });
  });

  it('fails without a word of the node', async () => {
    given(machineObject());
    await expect(on.run(afterPreflight)).rejects.toMatchObject({
      reason: 'Failed',
      message: 'Node node-1: has not reported',
    });
  });
});
