import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import {
  PAUSED_ANNOTATION,
  PAUSED_BY_US,
  RELEASE_ANNOTATION,
  STRATEGY_LABEL,
} from '../../../src/api/labels.ts';
import { decideUpgrade, type Stage, type UpgradeFacts } from '../../../src/cli/upgrade/decision.ts';
import type { Wanted } from '../../../src/cli/upgrade/target.ts';
import {
  clusterSample,
  controlPlaneSample,
  deploymentSample,
  type Sample,
} from '../../helpers/operator-objects.ts';

const image = `example.com/u@sha256:${'a'.repeat(64)}`;
const imageMap = {
  'v1.33.7': { kubernetes: 'v1.33.7', image },
  'v1.34.3': { kubernetes: 'v1.34.3', image },
  'v1.34.3-b': { kubernetes: 'v1.34.3', image },
};
const NO_SURGE = { rollout: { strategy: { rollingUpdate: { maxSurge: 0 } } } };
const TO = { to: 'v1.34.3' };

function external(owner: Sample, annotations: JsonObject = {}): Sample {
  return {
    ...owner,
    metadata: {
      ...owner.metadata,
      labels: { ...(owner.metadata['labels'] as JsonObject), [STRATEGY_LABEL]: 'external' },
      annotations,
    },
  };
}
const cp = (version = 'v1.33.7', spec: JsonObject = NO_SURGE) => controlPlaneSample(version, spec);
const md = (version = 'v1.33.7', spec: JsonObject = NO_SURGE) => deploymentSample(version, spec);

function decide(changed: Partial<UpgradeFacts>, wanted: Wanted = TO): { stages: Stage[]; refusal?: string } {
  const facts = {
    cluster: clusterSample(),
    controlPlanes: [cp()],
    machineDeployments: [md()],
    imageMap,
    ...changed,
  };
  return decideUpgrade(facts, wanted) as { stages: Stage[]; refusal?: string };
}

describe('the stages', () => {
  it('are the control plane, then the workers, each edited where a person would', () => {
    const { stages } = decide({});
    expect(stages.map(({ kind, name, door }) => [kind, name, door])).toEqual([
      ['KubeadmControlPlane', 'edge-cp', 'in-place'],
      ['MachineDeployment', 'md-0', 'in-place'],
    ]);
    expect(stages.map(({ edit }) => edit?.spec)).toEqual([
      { version: 'v1.34.3' },
      { template: { spec: { version: 'v1.34.3' } } },
    ]);
  });

  it('leave alone what is written already', () => {
    expect(decide({ controlPlanes: [cp('v1.34.3')] }).stages.map(({ edit }) => edit?.name)).toEqual([
      undefined,
      'md-0',
    ]);
  });

  it('edit the topology once, where there is one', () => {
    const cluster = clusterSample('edge', { spec: { topology: { version: 'v1.33.7' } } });
    expect(decide({ cluster }).stages.map(({ edit }) => edit)).toEqual([
      expect.objectContaining({ kind: 'Cluster', name: 'edge', spec: { topology: { version: 'v1.34.3' } } }),
      undefined,
    ]);
  });

  it('name the release of an owner that Refit upgrades, in the same write', () => {
    const { stages } = decide(
      { controlPlanes: [external(cp())], machineDeployments: [] },
      { release: 'v1.34.3-b' },
    );
    expect(stages[0]?.edit).toMatchObject({
      annotations: { [RELEASE_ANNOTATION]: 'v1.34.3-b' },
      spec: { version: 'v1.34.3' },
    });
  });

  it('take a release that was for the last version away', () => {
    const controlPlanes = [external(cp(), { [RELEASE_ANNOTATION]: 'v1.33.7' })];
    expect(decide({ controlPlanes, machineDeployments: [] }).stages[0]?.edit?.annotations).toEqual({
      [RELEASE_ANNOTATION]: null,
    });
  });

  it('write only the release when components change at the same version', () => {
    const { stages } = decide(
      { controlPlanes: [external(cp('v1.34.3'))], machineDeployments: [] },
      { release: 'v1.34.3-b' },
    );
    expect(stages[0]?.edit).toEqual({
      kind: 'KubeadmControlPlane',
      name: 'edge-cp',
      from: 'v1.34.3',
      annotations: { [RELEASE_ANNOTATION]: 'v1.34.3-b' },
    });
  });

  it('go on with an owner that Refit holds', () => {
    const controlPlanes = [external(cp('v1.33.7', { replicas: 1 }), { [PAUSED_ANNOTATION]: PAUSED_BY_US })];
    expect(decide({ controlPlanes, machineDeployments: [] }).stages).toHaveLength(1);
  });
});

describe('a refusal', () => {
  it('is given for an owner that nothing would pause, and for no other', () => {
    const webhookProblem = 'the webhook is not there';
    expect(decide({ webhookProblem }).stages).toHaveLength(2);
    expect(decide({ webhookProblem, controlPlanes: [external(cp())] })).toEqual({
      refusal: expect.stringContaining('Cluster API would replace its Machines: the webhook is not there'),
    });
  });

  it.each<[string, Partial<UpgradeFacts>, Wanted, RegExp]>([
    [
      'the Cluster has not opted in',
      { cluster: clusterSample('edge', { labels: {} }) },
      TO,
      /edge-cp: not opted in, Cluster API would replace/,
    ],
    [
      'the version has no release',
      {},
      { to: 'v1.35.0' },
      /v1.35.0: not in the image map, which has v1.33.7, v1.34.3/,
    ],
    [
      'the release is not there',
      {},
      { release: 'v9' },
      /release v9: not in the image map, which has v1.33.7, v1.34.3, v1.34.3-b/,
    ],
    [
      'a minor version is left out',
      { controlPlanes: [cp('v1.32.1')] },
      TO,
      /skips a minor version: v1.32.1 to v1.34.3/,
    ],
    [
      'there is one replica',
      { controlPlanes: [cp('v1.33.7', { ...NO_SURGE, replicas: 1 })] },
      TO,
      /one replica.*: label it/,
    ],
    ['it surges', { machineDeployments: [md('v1.33.7', {})] }, TO, /MachineDeployment md-0: maxSurge 1/],
    [
      'the Cluster is paused',
      { cluster: clusterSample('edge', { spec: { paused: true } }) },
      TO,
      /spec.paused/,
    ],
    [
      'somebody else paused it',
      { controlPlanes: [external(cp(), { [PAUSED_ANNOTATION]: '' })] },
      TO,
      /paused by somebody else/,
    ],
    [
      'components change at the same version, by Cluster API',
      { controlPlanes: [cp('v1.34.3')] },
      { release: 'v1.34.3-b' },
      /same version need the label/,
    ],
    [
      'Cluster API would take another release',
      {},
      { release: 'v1.34.3' },
      /the last release by name is taken \(v1.34.3-b\)/,
    ],
    [
      'the topology would lose the release',
      { cluster: clusterSample('edge', { spec: { topology: { version: 'v1.33.7' } } }) },
      { release: 'v1.34.3-b' },
      /first --to v1.34.3, then --release/,
    ],
    ['there is nothing', { controlPlanes: [], machineDeployments: [] }, TO, /neither/],
  ])('when %s', (_name, changed, wanted, refusal) => {
    expect(decide(changed, wanted)).toEqual({ refusal: expect.stringMatching(refusal) });
  });

  it('is given for a downgrade', () => {
    expect(decide({ controlPlanes: [cp('v1.34.3')] }, { to: 'v1.33.7' })).toEqual({
      refusal: expect.stringMatching(/downgrade from v1.34.3/),
    });
  });

  it('names a version that is none', () => {
    expect(() => decide({}, { to: '1.34' })).toThrow('--to: got "1.34", expected a version like v1.34.3');
  });
});
