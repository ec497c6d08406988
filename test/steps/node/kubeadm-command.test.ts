import { describe, expect, it } from '@jest/globals';
import { kubeadmCommand, takesConfiguration } from '../../../src/steps/node/kubeadm-command.ts';

const UPGRADE = ['/usr/bin/kubeadm', 'upgrade', 'node'];
const CONFIG = '--config=/var/lib/refit/o/upgrade-configuration.yaml';
const PATCHES = '--patches=/etc/kubernetes/patches';
const IGNORE = '--ignore-preflight-errors=Swap,SystemVerification';
const RENEW = '--certificate-renewal=true';
const ETCD = '--etcd-upgrade=true';
const SKIP = '--skip-phases=addon/coredns,addon/kube-proxy';

const command = (kubernetes: string, role: 'control-plane' | 'worker'): string[] => [
  ...kubeadmCommand({
    kubeadm: '/usr/bin/kubeadm',
    kubernetes,
    role,
    patchesDirectory: '/etc/kubernetes/patches',
    ignorePreflightErrors: ['Swap', 'SystemVerification'],
    configurationFile: '/var/lib/refit/o/upgrade-configuration.yaml',
  }),
];

describe('kubeadm on a control plane, all by flags until it takes timeouts, without add-ons as soon as it can', () => {
  it.each([
    ['v1.28.0', [RENEW, '--etcd-upgrade=false', PATCHES, IGNORE]],
    ['v1.28.2', [RENEW, '--etcd-upgrade=false', PATCHES, IGNORE]],
    ['v1.28.3', [RENEW, ETCD, PATCHES, IGNORE]],
    ['v1.28.15', [RENEW, ETCD, PATCHES, IGNORE]],
    ['v1.29.15', [RENEW, ETCD, PATCHES, IGNORE]],
    ['v1.30.14', [RENEW, ETCD, PATCHES, IGNORE]],
    ['v1.31.14', [CONFIG]],
    ['v1.32.13', [CONFIG, SKIP]],
    ['v1.33.13', [CONFIG, SKIP]],
    ['v1.34.4', [CONFIG, SKIP]],
    ['v1.35.4', [CONFIG, SKIP]],
    ['v1.36.3', [CONFIG, SKIP]],
    ['v1.37.0', [CONFIG, SKIP]],
  ])('%s', (kubernetes, settings) => {
    expect(command(kubernetes, 'control-plane')).toEqual([...UPGRADE, ...settings, '-v=2']);
  });
});

describe('kubeadm on a worker', () => {
  it.each([
    ['v1.28.0', [PATCHES, IGNORE]],
    ['v1.30.14', [PATCHES, IGNORE]],
    ['v1.31.14', [CONFIG]],
    ['v1.32.0', [CONFIG, SKIP]],
    ['v1.37.0', [CONFIG, SKIP]],
  ])('%s', (kubernetes, settings) => {
    expect(command(kubernetes, 'worker')).toEqual([...UPGRADE, ...settings, '-v=2']);
  });

  it('gets no flags for what is not asked for', () => {
    const rest = { patchesDirectory: undefined, ignorePreflightErrors: [], configurationFile: '/c' };
    const run = { kubeadm: '/usr/bin/kubeadm', kubernetes: 'v1.30.14', role: 'worker', ...rest } as const;
    expect(kubeadmCommand(run)).toEqual([...UPGRADE, '-v=2']);
  });
});

describe('the flags that kubeadm refuses beside a configuration file', () => {
  it.each(['v1.31.14', 'v1.34.4', 'v1.37.0'])('are not among those of %s', (kubernetes) => {
    expect(takesConfiguration(kubernetes)).toBe(true);
    // isAllowedFlag in kubeadm's validation.go, 1.31 to 1.37.
    const allowed = /^--(config|ignore-preflight-errors|dry-run|kubeconfig|skip-[a-z]+|v)=|^-v=/;
    const flags = command(kubernetes, 'control-plane').slice(UPGRADE.length);
    expect(flags.filter((flag) => !allowed.test(flag))).toEqual([]);
  });
});
