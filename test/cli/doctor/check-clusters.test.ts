import { expect, it } from '@jest/globals';
import { PAUSED_ANNOTATION, PAUSED_BY_US } from '../../../src/api/labels.ts';
import { diagnose } from '../../../src/cli/doctor/diagnose.ts';
import {
  clusterSample,
  controlPlaneSample,
  deploymentSample,
  machineSample,
  type Sample,
} from '../../helpers/operator-objects.ts';
import { expectAllWell, expectFinding, type FindingRow } from './expect-finding.ts';
import { facts, NO_SURGE } from './samples.ts';

function paused(by: string): Sample {
  const owner = controlPlaneSample('v1.34.3', NO_SURGE);
  return { ...owner, metadata: { ...owner.metadata, annotations: { [PAUSED_ANNOTATION]: by } } };
}

it.each<FindingRow>([
  [
    'a Cluster is paused',
    { clusters: { found: [clusterSample('edge', { spec: { paused: true } })] } },
    'warning',
    'Clusters',
    /lab\/edge is paused/,
  ],
  [
    'somebody else has paused an owner',
    { controlPlanes: { found: [paused('')] } },
    'warning',
    'Clusters',
    /lab\/edge-cp is paused by somebody else/,
  ],
  [
    'Refit holds an owner',
    { controlPlanes: { found: [paused(PAUSED_BY_US)] } },
    'warning',
    'Clusters',
    /lab\/edge-cp is held by Refit/,
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

it('does not advise to take the pause of Refit away: Cluster API would replace Machines', () => {
  const findings = diagnose(facts({ controlPlanes: { found: [paused(PAUSED_BY_US)] } }));
  const [finding] = findings.filter(({ check }) => check === 'Clusters');
  expect(finding?.remedy).toContain('leave the pause');
});

it('nothing of workers whose maxSurge is 0 in percent', () => {
  const rollout = { strategy: { rollingUpdate: { maxSurge: '0%' } } };
  expectAllWell({ machineDeployments: { found: [deploymentSample('v1.34.3', { rollout })] } });
});

it('nothing of a control plane in the middle of its upgrade', () => {
  const machines = [
    machineSample('cp-1', { kubelet: 'v1.33.7' }),
    machineSample('cp-2', { kubelet: 'v1.34.3' }),
  ];
  expectAllWell({ machines: { found: machines } });
});
