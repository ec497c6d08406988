import { describe, expect, it } from '@jest/globals';
import {
  clusterView,
  machineAtRestView,
  machineDeploymentView,
  machineView,
} from '../../../src/hook/kubernetes/views.ts';
import { clusterObject, machineDeploymentObject, machineObject, machineStatus } from './samples.ts';

function machine(status: ReturnType<typeof machineStatus> = {}) {
  const object = machineObject('lab', 'm-1', { mine: 'yes' });
  const metadata = {
    ...object.metadata,
    uid: 'u',
    resourceVersion: '7',
    managedFields: [{ manager: 'kubectl' }],
  };
  return { ...object, metadata, status };
}

describe('machineView', () => {
  it('holds what the server uses and nothing else', () => {
    expect(machineView(machine(machineStatus('v1.33.7', 'True')))).toEqual({
      namespace: 'lab',
      name: 'm-1',
      uid: 'u',
      resourceVersion: '7',
      labels: { 'cluster.x-k8s.io/cluster-name': 'refit' },
      annotations: { mine: 'yes' },
      deleting: false,
      cluster: 'refit',
      version: 'v1.33.7',
      nodeName: 'node-1',
      kubeletVersion: 'v1.33.7',
      nodeReady: true,
    });
  });

  it('never holds the copy of itself that kubectl leaves', () => {
    const object = machineObject('lab', 'm-1', {
      'kubectl.kubernetes.io/last-applied-configuration': '{"secret":1}',
    });
    expect(machineView(object).annotations).toEqual({});
  });

  it('leaves out what is not known', () => {
    const view = machineView(machine());
    for (const key of ['nodeName', 'kubeletVersion', 'nodeReady']) expect(view).not.toHaveProperty(key);
  });

  it.each(['False', 'Unknown'] as const)('takes NodeReady %s as not ready', (status) => {
    expect(machineView(machine(machineStatus('v1.33.7', status))).nodeReady).toBe(false);
  });

  it('says that the Machine is being deleted, and since when', () => {
    const object = machineObject('lab', 'm-1');
    const deletingSince = '2026-01-01T00:00:00Z';
    const metadata = { ...object.metadata, deletionTimestamp: deletingSince };
    expect(machineView({ ...object, metadata })).toMatchObject({ deleting: true, deletingSince });
  });
});

describe('machineAtRestView', () => {
  const updating = (status: string) => ({ conditions: [{ type: 'Updating', status }] });
  const marked = (key: string, value = '') => {
    const object = machine();
    return { ...object, metadata: { ...object.metadata, annotations: { [key]: value } } };
  };

  it('keeps the moment since which nothing is done to the Machine', () => {
    const first = machineAtRestView(machine(updating('False')), 5);
    expect(first.restsSince).toBe(5);
    expect(machineAtRestView(machine(), 9, first).restsSince).toBe(5);
    const busy = machineAtRestView(machine(updating('True')), 10, first);
    expect(machineAtRestView(machine(), 12, busy).restsSince).toBe(12);
  });

  it('begins anew with another Machine of that name', () => {
    const other = { ...machineAtRestView(machine(), 5), uid: 'other' };
    expect(machineAtRestView(machine(), 9, other).restsSince).toBe(9);
  });

  it.each([
    ['the mark of an update', marked('in-place-updates.internal.cluster.x-k8s.io/update-in-progress')],
    ['a hook that must still be asked', marked('runtime.cluster.x-k8s.io/pending-hooks', 'A,UpdateMachine')],
    ['the condition', machine(updating('True'))],
  ])('is none by %s', (_name, object) => {
    expect(machineAtRestView(object, 5)).not.toHaveProperty('restsSince');
  });

  it('is one whatever other hooks must be asked', () => {
    expect(machineAtRestView(marked('runtime.cluster.x-k8s.io/pending-hooks', 'A'), 5).restsSince).toBe(5);
  });
});

describe('machineDeploymentView', () => {
  const deployment = (version: string, generation: number, uid = 'u') => {
    const object = machineDeploymentObject('lab', 'md', version);
    return { ...object, metadata: { ...object.metadata, uid, generation } };
  };

  it('says what its template asks for', () => {
    expect(machineDeploymentView(deployment('v1.34.3', 2), 5)).toEqual({
      namespace: 'lab',
      name: 'md',
      uid: 'u',
      generation: 2,
      seenAt: 5,
      version: 'v1.34.3',
      bootstrapRef: 'config-v1.34.3',
      infrastructureRef: 'infra',
    });
  });

  it('keeps the time at which a generation was first seen', () => {
    const first = machineDeploymentView(deployment('v1.34.3', 2), 5);
    expect(machineDeploymentView(deployment('v1.34.3', 2), 9, first).seenAt).toBe(5);
    expect(machineDeploymentView(deployment('v1.34.3', 3), 9, first).seenAt).toBe(9);
  });

  it('takes one of the same name made anew as new', () => {
    const first = machineDeploymentView(deployment('v1.34.3', 1), 5);
    expect(machineDeploymentView(deployment('v1.34.3', 1, 'other'), 9, first).seenAt).toBe(9);
  });
});

describe('clusterView', () => {
  it('holds identity and labels', () => {
    const view = clusterView(clusterObject('lab', 'refit', { 'capi-refit.io/strategy': 'in-place' }));
    expect(view).toEqual({
      namespace: 'lab',
      name: 'refit',
      uid: '',
      labels: { 'capi-refit.io/strategy': 'in-place' },
    });
  });

  it('holds the override of the policy, and no other annotation', () => {
    const object = clusterObject('lab', 'refit');
    const annotations = { 'capi-refit.io/policy': 'drain: never', other: 'x' };
    const view = clusterView({ ...object, metadata: { ...object.metadata, annotations } });
    expect(view).toEqual({ ...identity, labels: {}, policyOverride: 'drain: never' });
  });
});

const identity = { namespace: 'lab', name: 'refit', uid: '' };
