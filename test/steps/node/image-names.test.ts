import { describe, expect, it } from '@jest/globals';
import { fullName, parseImage, repositoryOf } from '../../../src/steps/node/image-names.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

describe('the name of an image', () => {
  it.each([
    ['registry.k8s.io/pause:3.10', 'registry.k8s.io', 'pause', '3.10'],
    ['registry.k8s.io/coredns/coredns:v1.12.1', 'registry.k8s.io/coredns', 'coredns', 'v1.12.1'],
    ['registry:5000/k8s/etcd:3.6.5-0', 'registry:5000/k8s', 'etcd', '3.6.5-0'],
    ['registry:5000/etcd', 'registry:5000', 'etcd', undefined],
    [`registry.k8s.io/etcd@${DIGEST}`, 'registry.k8s.io', 'etcd', undefined],
    [`registry:5000/etcd:3.6@${DIGEST}`, 'registry:5000', 'etcd', '3.6'],
    ['busybox', '', 'busybox', undefined],
  ])('%s has its parts', (image, repository, name, tag) => {
    expect(parseImage(image)).toEqual({ repository, name, tag });
  });

  it.each([
    ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
    ['localhost/pause:3', 'localhost/pause:3'],
    ['registry:5000/pause:3', 'registry:5000/pause:3'],
    ['kubernetes/pause:3', 'docker.io/kubernetes/pause:3'],
    ['pause:3', 'docker.io/library/pause:3'],
  ])('%s is in full %s', (image, expected) => expect(fullName(image)).toBe(expected));
});

describe('the repository', () => {
  const images = [
    'registry.k8s.io/kube-proxy:v1.33.1',
    'site/k8s/kube-proxy:v1.33.1',
    `other/kube-proxy@${DIGEST}`,
  ];
  it.each([
    ['is that of the image', images.slice(0, 1), 'registry.k8s.io'],
    ['is rather one that somebody chose', images, 'site/k8s'],
    ['is not told by an image without a tag', images.slice(2), undefined],
    ['is not told by other images', ['registry.k8s.io/kube-proxy-extra:v1', 'kube-proxy/x:v1'], undefined],
  ])('%s', (_, present, expected) => expect(repositoryOf(present, 'kube-proxy')).toBe(expected));
});
