import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { upgradeConfiguration } from '../../../src/steps/node/upgrade-configuration.ts';

const settings = { kubernetes: 'v1.34.4', patchesDirectory: undefined, ignorePreflightErrors: [] };

describe('an UpgradeConfiguration', () => {
  it('says all that flags would say', () => {
    const all = {
      ...settings,
      patchesDirectory: '/etc/kubernetes/patches',
      ignorePreflightErrors: ['Swap', 'all: "yes"'],
    };
    expect(parse(upgradeConfiguration(all, 1800))).toEqual({
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'UpgradeConfiguration',
      node: {
        certificateRenewal: true,
        etcdUpgrade: true,
        ignorePreflightErrors: ['Swap', 'all: "yes"'],
        patches: { directory: '/etc/kubernetes/patches' },
      },
      timeouts: { upgradeManifests: '900s', kubernetesAPICall: '300s' },
    });
  });

  it('leaves out what is not asked for', () => {
    const { node } = parse(upgradeConfiguration(settings, 1800)) as { node: object };
    expect(node).toEqual({ certificateRenewal: true, etcdUpgrade: true });
  });

  it.each([
    [1800, '900s', '300s'],
    [3600, '900s', '300s'],
    [901, '450s', '300s'],
    [120, '60s', '60s'],
    [1, '1s', '1s'],
  ])(
    'lets kubeadm give up well before a step of %s s ends',
    (seconds, upgradeManifests, kubernetesAPICall) => {
      const { timeouts } = parse(upgradeConfiguration(settings, seconds)) as { timeouts: object };
      expect(timeouts).toEqual({ upgradeManifests, kubernetesAPICall });
    },
  );
});
