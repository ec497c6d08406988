import { expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../../src/api/json.ts';
import { at, text } from '../../../src/kubernetes/fields.ts';
import type { ClusterDescription, NodeDescription, Role } from './folder.ts';
import { bootstrapSpec, initFile, joinFile } from './kubeadm.ts';

const SECRETS = { token: 'abcdef.0123456789abcdef', certificateKey: '00' };
const TAINTS = ['nodeRegistration', 'taints'];

function clusterOf(...roles: Role[]): ClusterDescription {
  const nodes = roles.map((role, index) => ({
    name: `node-${index}`,
    role,
    index,
    address: `192.0.2.${index}`,
  }));
  return {
    ...{ id: 'abcd', clusterName: 'edge', namespace: 'site', prefix: '192.0.2', balancer: 'none' },
    ...{ endpoint: '192.0.2.0:6443', nodes, kernel: {} },
  };
}

const nodeOf = ({ nodes }: ClusterDescription, index: number) => nodes[index] as NodeDescription;

function documents(file: string): Record<string, JsonObject> {
  const objects = parseAllDocuments(file).map((one) => one.toJS() as JsonObject);
  return Object.fromEntries(objects.map((object) => [text(object, 'kind') ?? '', object]));
}

it('keeps other pods from a control plane only if there are workers', () => {
  const init = (cluster: ClusterDescription) =>
    documents(initFile(cluster, nodeOf(cluster, 0), 'v1.33.13', SECRETS))['InitConfiguration'];
  expect(at(init(clusterOf('control-plane')), ...TAINTS)).toEqual([]);
  expect(at(init(clusterOf('control-plane', 'worker')), ...TAINTS)).toHaveLength(1);
});

it('tells kubeadm what the KubeadmConfig says', () => {
  const cluster = clusterOf('control-plane', 'control-plane', 'worker');
  for (const node of cluster.nodes.slice(1)) {
    const join = documents(joinFile(cluster, node, 'sha256:00', SECRETS))['JoinConfiguration'];
    const spec = bootstrapSpec(cluster, node);
    expect(at(join, 'nodeRegistration')).toMatchObject(
      at(spec, 'joinConfiguration', 'nodeRegistration') as JsonObject,
    );
    expect(at(join, 'controlPlane') === undefined).toBe(node.role === 'worker');
    expect('clusterConfiguration' in spec).toBe(node.role === 'control-plane');
  }
});
