import { it } from '@jest/globals';
import {
  clusterSample,
  controlPlaneSample,
  deploymentSample,
  machineSample,
} from '../../helpers/operator-objects.ts';
import { expectAllWell, expectFinding, type FindingRow } from './expect-finding.ts';
import { NO_SURGE } from './samples.ts';

it.each<FindingRow>([
  [
    'a Cluster is paused',
    { clusters: { found: [clusterSample('edge', { spec: { paused: true } })] } },
    'warning',
    'Clusters',
    /lab\/edge is paused/,
  ],
  [
    'a control plane has one replica',
    { controlPlanes: { found: [controlPlaneSample('v1.34.3', { ...NO_SURGE, replicas: 1 })] } },
    'error',
    'Clusters',
    /one replica/,
  ],
  [
    'a control plane surges',
    { controlPlanes: { found: [controlPlaneSample()] } },
    'error',
    'Clusters',
    /lab\/edge-cp: maxSurge 1 makes a new Machine/,
  ],
  [
    'workers surge',
    { machineDeployments: { found: [deploymentSample()] } },
    'error',
    'Clusters',
    /MachineDeployment lab\/md-0: maxSurge 1/,
  ],
  [
    'workers are OnDelete',
    {
      machineDeployments: {
        found: [deploymentSample('v1.34.3', { rollout: { strategy: { type: 'OnDelete' } } })],
      },
    },
    'error',
    'Clusters',
    /OnDelete/,
  ],
  [
    'a worker is too old',
    {
      machines: {
        found: [machineSample('cp-1'), machineSample('md-1', { worker: true, kubelet: 'v1.30.9' })],
      },
    },
    'error',
    'skew',
    /Machine lab\/md-1: v1.30.9, too old/,
  ],
  [
    'a worker is too old for the newest API server of a control plane that is being upgraded',
    {
      machines: {
        found: [
          machineSample('cp-1', { kubelet: 'v1.33.7' }),
          machineSample('cp-2', { kubelet: 'v1.34.3' }),
          machineSample('md-1', { worker: true, kubelet: 'v1.30.9' }),
        ],
      },
    },
    'error',
    'skew',
    /Machine lab\/md-1: v1.30.9, too old for API server v1.34.3/,
  ],
  [
    'a worker is ahead',
    {
      machines: {
        found: [machineSample('cp-1', { kubelet: 'v1.33.1' }), machineSample('md-1', { worker: true })],
      },
    },
    'error',
    'skew',
    /newer than API server v1.33.1/,
  ],
])('finds that %s', (_name, changed, level, check, message) =>
  expectFinding(changed, { level, check, message }),
);

it('nothing of a control plane in the middle of its upgrade', () => {
  const machines = [
    machineSample('cp-1', { kubelet: 'v1.33.7' }),
    machineSample('cp-2', { kubelet: 'v1.34.3' }),
  ];
  expectAllWell({ machines: { found: machines } });
});
