import { describe, expect, it } from '@jest/globals';
import { isUpToDate, machinePatches, patched } from '../../src/api/external-desired.ts';
import { askOf } from '../../src/api/external-owner.ts';
import { controlPlane, FROM, machineOf } from '../helpers/external.ts';
import type { Edit } from '../helpers/requests.ts';

const ASKED = '/spec/kubeadmConfigSpec';
const CONFIG = '/bootstrapConfig/spec';
/** The feature gate that comes with the version is there already: of the version alone nothing else changes. */
const GATED: Edit = [`${ASKED}/clusterConfiguration/featureGates`, { ControlPlaneKubeletLocalMode: true }];
const OF_MACHINE: Edit = [
  `${CONFIG}/clusterConfiguration/featureGates`,
  { ControlPlaneKubeletLocalMode: true },
];

function situation(ofOwner: Edit[], ofMachine: Edit[]) {
  const ask = askOf(controlPlane(['/spec/version', FROM], GATED, ...ofOwner));
  return { ask, now: machineOf('KubeadmControlPlane', 'cp-a', OF_MACHINE, ...ofMachine) };
}

/** Edits after it change the very objects. */
function likeJoining(): Edit[] {
  const nodeRegistration = { kubeletExtraArgs: [{ name: 'v', value: '2' }] };
  return [
    [`${CONFIG}/initConfiguration`, undefined],
    [`${CONFIG}/joinConfiguration`, { controlPlane: {}, nodeRegistration }],
  ];
}

describe('a control-plane Machine is as its owner asks, like Cluster API sees it', () => {
  it.each<[string, Edit[], Edit[]]>([
    ['after kubeadm init', [], []],
    ['after kubeadm join', [], likeJoining()],
    [
      'with timeouts of joining that a conversion made',
      [],
      [[`${CONFIG}/joinConfiguration`, { timeouts: { controlPlaneComponentHealthCheckSeconds: 240 } }]],
    ],
    [
      'when the owner asks for something else only of the first Machine, and this is it',
      [[`${ASKED}/initConfiguration`, { skipPhases: ['addon/kube-proxy'] }]],
      [],
    ],
    [
      'with bootstrap tokens of its own',
      [],
      [[`${CONFIG}/initConfiguration/bootstrapTokens`, [{ token: 'a.b' }]]],
    ],
    [
      'with neither init nor join configuration',
      [
        [`${ASKED}/initConfiguration`, undefined],
        [`${ASKED}/joinConfiguration`, undefined],
      ],
      [[`${CONFIG}/initConfiguration`, undefined]],
    ],
    [
      'although its image pull policy is only said by the owner',
      [[`${ASKED}/joinConfiguration/nodeRegistration/imagePullPolicy`, 'IfNotPresent']],
      likeJoining(),
    ],
    [
      'although the owner asks for other discovery, DNS and health checks',
      [
        [`${ASKED}/joinConfiguration/discovery`, { tlsBootstrapToken: 'x' }],
        [`${ASKED}/joinConfiguration/timeouts`, { controlPlaneComponentHealthCheckSeconds: 5 }],
        [`${ASKED}/clusterConfiguration/dns`, { imageTag: 'v1.12.1' }],
      ],
      [...likeJoining(), [`${CONFIG}/clusterConfiguration/controlPlaneEndpoint`, 'api:6443']],
    ],
  ])('%s', (_what, ofOwner, ofMachine) => {
    const { ask, now } = situation(ofOwner, ofMachine);
    expect(machinePatches(ask, now).bootstrapConfig).toEqual({});
  });
});

describe('a control-plane Machine is outdated, like Cluster API sees it', () => {
  it.each<[string, Edit[], Edit[]]>([
    ['by a file', [[`${ASKED}/files/0/content`, 'a: 2\n']], []],
    [
      'by an image pull policy that is not the usual one',
      [],
      [...likeJoining(), [`${CONFIG}/joinConfiguration/nodeRegistration/imagePullPolicy`, 'Always']],
    ],
    ['by no taints at all', [[`${ASKED}/joinConfiguration/nodeRegistration/taints`, []]], likeJoining()],
    [
      'by what is left of kubeadm init',
      [],
      [...likeJoining(), [`${CONFIG}/initConfiguration`, { skipPhases: ['a'] }]],
    ],
  ])('%s, and up to date when patched', (_what, ofOwner, ofMachine) => {
    const { ask, now } = situation(ofOwner, ofMachine);
    const patches = machinePatches(ask, now);
    expect(patches.bootstrapConfig).not.toEqual({});
    expect(isUpToDate(ask, patched(now, patches))).toBe(true);
  });

  it('is told that it joined as control plane, which Cluster API 1.11 may have left out', () => {
    const { ask, now } = situation(
      [],
      [...likeJoining(), [`${CONFIG}/joinConfiguration/controlPlane`, undefined]],
    );
    expect(machinePatches(ask, now).bootstrapConfig).toEqual({
      spec: { joinConfiguration: { controlPlane: {} } },
    });
  });

  it('keeps what others filled in, and gets no empty object, which the API refuses', () => {
    const discovery = { bootstrapToken: { token: 'secret' } };
    const { ask, now } = situation(
      [
        [`${ASKED}/verbosity`, 5],
        [`${ASKED}/joinConfiguration`, { timeouts: { controlPlaneComponentHealthCheckSeconds: 5 } }],
      ],
      [
        [`${CONFIG}/initConfiguration`, undefined],
        [`${CONFIG}/joinConfiguration`, { controlPlane: {}, discovery }],
        [`${CONFIG}/clusterConfiguration/controlPlaneEndpoint`, 'api:6443'],
        [`${CONFIG}/format`, 'cloud-config'],
      ],
    );
    expect(patched(now, machinePatches(ask, now)).bootstrapConfig?.['spec']).toMatchObject({
      clusterConfiguration: { controlPlaneEndpoint: 'api:6443' },
      joinConfiguration: { discovery, timeouts: { controlPlaneComponentHealthCheckSeconds: 5 } },
      format: 'cloud-config',
      verbosity: 5,
    });
  });
});
