import { describe, expect, it } from '@jest/globals';
import { CORDONED_BY_ANNOTATION } from '../../../src/api/labels.ts';
import { canTakePodsOf, cordonedBy } from '../../../src/steps/api/node.ts';
import { nodeObject, type NodeSample } from './samples.ts';

const CONTROL_PLANE = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };
const GPU = { key: 'gpu', effect: 'NoExecute' };
const PRESSURE = { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' };
const CORDON = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const OUTDATED = { key: 'node.cluster.x-k8s.io/outdated-revision', effect: 'PreferNoSchedule' };

describe('another node can take the pods', () => {
  it.each<[string, NodeSample, NodeSample, boolean]>([
    ['when it is Ready and open', {}, {}, true],
    ['not when it is not Ready', {}, { ready: false }, false],
    ['not when it is cordoned', {}, { cordoned: true }, false],
    ['not of an ordinary node when it has taints', {}, { taints: [CONTROL_PLANE] }, false],
    ['not when its disk is full', {}, { taints: [PRESSURE] }, false],
    ['when its taint only says rather not', {}, { taints: [OUTDATED] }, true],
    [
      'of a tainted node although it has taints',
      { taints: [CONTROL_PLANE] },
      { taints: [CONTROL_PLANE] },
      true,
    ],
    ['of a tainted node without taints', { taints: [GPU] }, {}, true],
    ['not of a node that is only cordoned', { taints: [CORDON], cordoned: true }, { taints: [GPU] }, false],
    ['not when it is the same', {}, { name: 'node-1' }, false],
  ])('%s', (_, node, other, can) => {
    expect(canTakePodsOf(nodeObject(node), nodeObject({ name: 'node-2', ...other }))).toBe(can);
  });
});

describe('a cordon', () => {
  it.each<[string, NodeSample, string | undefined]>([
    [
      'is ours when our annotation is there',
      { cordoned: true, annotations: { [CORDONED_BY_ANNOTATION]: 'op-3' } },
      'op-3',
    ],
    ['is not ours without', { cordoned: true }, undefined],
    [
      'is over when a person has uncordoned',
      { annotations: { [CORDONED_BY_ANNOTATION]: 'op-3' } },
      undefined,
    ],
  ])('%s', (_, node, by) => {
    expect(cordonedBy(nodeObject(node))).toBe(by);
  });
});
