import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/api/json.ts';
import { updatedClusterConfiguration } from '../../src/api/kubeadm-config.ts';

const existing: JsonObject = {
  apiVersion: 'kubeadm.k8s.io/v1beta3',
  kind: 'ClusterConfiguration',
  kubernetesVersion: 'v1.30.4',
  clusterName: 'edge',
  controlPlaneEndpoint: 'api.edge:6443',
  networking: { podSubnet: '10.0.0.0/16' },
  dns: { imageTag: 'v1.11.1' },
  imageRepository: 'registry.k8s.io',
  apiServer: { extraArgs: { profiling: 'true' }, timeoutForControlPlane: '4m0s' },
  etcd: { local: { dataDir: '/data/etcd', imageTag: '3.5.12-0' } },
};
const asked: JsonObject = {
  apiServer: { extraArgs: [{ name: 'profiling', value: 'false' }], extraEnvs: [{ name: 'A', value: 'b' }] },
  etcd: { local: { imageTag: '3.5.21-0' } },
  featureGates: { ControlPlaneKubeletLocalMode: true },
  certificateValidityPeriodDays: 90,
};

describe('kubeadm-config', () => {
  it('becomes v1beta4 from 1.31 on', () => {
    expect(updatedClusterConfiguration(existing, 'v1.31.2', asked)).toEqual({
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      kubernetesVersion: 'v1.31.2',
      clusterName: 'edge',
      controlPlaneEndpoint: 'api.edge:6443',
      networking: { podSubnet: '10.0.0.0/16' },
      dns: { imageTag: 'v1.11.1' },
      imageRepository: 'registry.k8s.io',
      apiServer: asked['apiServer'],
      etcd: { local: { dataDir: '/data/etcd', imageTag: '3.5.21-0' } },
      featureGates: { ControlPlaneKubeletLocalMode: true },
      certificateValidityPeriod: '2160h0m0s',
    });
  });

  it('stays v1beta3 below, with arguments as a map', () => {
    const updated = updatedClusterConfiguration(existing, 'v1.30.9', asked);
    expect(updated).toMatchObject({
      apiVersion: 'kubeadm.k8s.io/v1beta3',
      kubernetesVersion: 'v1.30.9',
      apiServer: { extraArgs: { profiling: 'false' } },
    });
    expect(updated['apiServer']).not.toHaveProperty('extraEnvs');
    expect(updated).not.toHaveProperty('certificateValidityPeriod');
  });

  it('loses what the owner no longer asks for, and is otherwise only raised', () => {
    const updated = updatedClusterConfiguration(existing, 'v1.30.9', {});
    expect(updated).not.toHaveProperty('apiServer');
    expect(updated['imageRepository']).toBe('registry.k8s.io');
    expect(updated['etcd']).toEqual({ local: { dataDir: '/data/etcd' } });
  });

  it('loses how certificates are made when the owner no longer says it, as kubeadm knows it from 1.31 on', () => {
    const ours = { encryptionAlgorithm: 'ECDSA-P256', certificateValidityPeriodDays: 90 };
    const once = updatedClusterConfiguration(existing, 'v1.31.2', ours);
    expect(once).toMatchObject({ encryptionAlgorithm: 'ECDSA-P256', certificateValidityPeriod: '2160h0m0s' });
    const then = updatedClusterConfiguration(once, 'v1.31.3', {});
    for (const updated of [then, updatedClusterConfiguration(existing, 'v1.30.9', ours)]) {
      expect(updated).not.toHaveProperty('encryptionAlgorithm');
      expect(updated).not.toHaveProperty('certificateValidityPeriod');
    }
  });

  it('keeps external etcd external', () => {
    const outside = { ...existing, etcd: { external: { endpoints: ['https://a:2379'] } } };
    const updated = updatedClusterConfiguration(outside, 'v1.31.2', { etcd: { local: { imageTag: 'x' } } });
    expect(updated['etcd']).toEqual({ external: { endpoints: ['https://a:2379'] } });
  });

  it('is the same when written again', () => {
    const once = updatedClusterConfiguration(existing, 'v1.31.2', asked);
    expect(updatedClusterConfiguration(once, 'v1.31.2', asked)).toEqual(once);
  });
});
