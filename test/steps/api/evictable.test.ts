import { describe, expect, it } from '@jest/globals';
import { fateOf } from '../../../src/steps/api/evictable.ts';
import { podObject, staticPod, type PodSample } from './samples.ts';

const web: PodSample = { name: 'web-1', labels: { app: 'web' } };

describe('a drain moves', () => {
  it.each<[string, Partial<PodSample>]>([
    ['a running pod', {}],
    ['a pod that has not started', { phase: 'Pending', ready: false }],
    ['a pod of a Job', { owner: 'Job' }],
    ['a pod whose label says to drain it', { labels: { 'cluster.x-k8s.io/drain': 'yes' } }],
    ['a pod with volumes', { volumes: [{ name: 'data', emptyDir: {} }] }],
  ])('%s', (_, more) => {
    expect(fateOf(podObject({ ...web, ...more }))).toEqual({ go: true });
  });
});

describe('a drain leaves', () => {
  it.each<[string, Partial<PodSample>, string]>([
    ['a pod of a DaemonSet', { owner: 'DaemonSet' }, 'of a DaemonSet'],
    ['a finished pod', { phase: 'Succeeded' }, 'finished'],
    ['a failed pod', { phase: 'Failed' }, 'finished'],
    ['pods of our own Jobs', { namespace: 'capi-refit-node', owner: 'Job' }, 'of Refit'],
    ['pods of a Workflow', { labels: { 'workflows.argoproj.io/workflow': 'refit-md-0-3' } }, 'of a Workflow'],
    [
      'what Cluster API leaves',
      { labels: { 'cluster.x-k8s.io/drain': 'skip' } },
      'label cluster.x-k8s.io/drain',
    ],
  ])('%s', (_, more, because) => {
    expect(fateOf(podObject({ ...web, ...more }))).toEqual({ go: false, because });
  });

  it('static pods', () => {
    expect(fateOf(staticPod('etcd', 'v1.34.3'))).toEqual({ go: false, because: 'static pod' });
  });
});
