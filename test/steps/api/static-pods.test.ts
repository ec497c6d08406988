import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { imageVersion, restarts, staticPodProblems } from '../../../src/steps/api/static-pods.ts';
import { podObject, staticPod, type PodSample } from './samples.ts';

const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'];

function pods(changes: Record<string, Partial<PodSample>> = {}, without = ''): JsonObject[] {
  return COMPONENTS.filter((component) => component !== without).map((component) =>
    staticPod(component, 'v1.34.3', changes[component]),
  );
}

const EXTERNAL = { command: ['kube-apiserver', '--etcd-servers=https://10.0.0.9:2379'] };

describe('static pods are as wanted', () => {
  it.each<[string, JsonObject[]]>([
    ['when all are there, at the version and Ready', pods()],
    ['without etcd when it is external', pods({ 'kube-apiserver': EXTERNAL }, 'etcd')],
    ['whatever else is there', [podObject({ name: 'coredns', namespace: 'kube-system' }), ...pods()]],
  ])('%s', (_, found) => {
    expect(staticPodProblems(found, 'v1.34.3')).toEqual([]);
  });
});

describe('static pods are not as wanted', () => {
  it.each<[string, JsonObject[], string]>([
    ['when one is missing', pods({}, 'kube-scheduler'), 'static pod kube-scheduler: not found'],
    ['when local etcd is missing', pods({}, 'etcd'), 'static pod etcd: not found'],
    [
      'when one is at the old version',
      pods({ 'kube-scheduler': { image: 'registry.k8s.io/kube-scheduler:v1.33.7' } }),
      'kube-scheduler: got v1.33.7, expected v1.34.3',
    ],
    [
      'when one is not Ready',
      pods({ 'kube-controller-manager': { ready: false } }),
      'kube-controller-manager: got not Ready',
    ],
    ['when etcd is not Ready', pods({ etcd: { ready: false } }), 'etcd: got not Ready, expected Ready'],
    [
      'when an ordinary pod has the label of one',
      [...pods({}, 'kube-scheduler'), staticPod('kube-scheduler', 'v1.34.3', { annotations: {} })],
      'static pod kube-scheduler: not found',
    ],
  ])('%s', (_, found, problem) => {
    expect(staticPodProblems(found, 'v1.34.3')).toEqual([expect.stringContaining(problem)]);
  });

  it('when there are none', () => {
    expect(staticPodProblems([], 'v1.34.3')).toHaveLength(3);
  });
});

describe('the version of an image', () => {
  it.each([
    ['registry.k8s.io/kube-apiserver:v1.34.3', 'v1.34.3'],
    ['registry:5000/kube-apiserver:v1.34.3', 'v1.34.3'],
    ['registry:5000/kube-apiserver:v1.34.3@sha256:abc', 'v1.34.3'],
    ['registry.example.com/kube-apiserver:v1.34.3_vendor.1', 'v1.34.3+vendor.1'],
    ['registry:5000/kube-apiserver@sha256:abc', undefined],
    ['registry:5000/kube-apiserver', undefined],
  ])('%s is %s', (image, version) => {
    expect(imageVersion(podObject({ name: 'p', image }))).toBe(version);
  });
});

describe('a restart shows', () => {
  it('when a container is started again', () => {
    expect(restarts(pods({ etcd: { restartCount: 1 } }))).not.toBe(restarts(pods()));
  });

  it('when a pod is made anew', () => {
    const anew = pods().map((pod) => ({
      ...pod,
      metadata: { ...(pod['metadata'] as JsonObject), uid: 'another' },
    }));
    expect(restarts(anew)).not.toBe(restarts(pods()));
  });

  it('not when only readiness changes', () => {
    expect(restarts(pods({ etcd: { ready: false } }))).toBe(restarts(pods()));
  });
});
