import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/api/json.ts';
import { decideExternal, type ExternalSituation } from '../../src/plan/external.ts';
import {
  type Changed,
  cluster,
  controlPlane,
  controlPlaneSituation,
  FROM,
  machineOf,
  TO,
} from '../helpers/external.ts';
import { held } from '../helpers/external-site.ts';
import { edited, imageMap, policyOf, type Edit } from '../helpers/requests.ts';

const policy = policyOf({
  imageMap: imageMap(FROM, TO, { name: 'r1.34.3-b', kubernetes: TO, containerd: '2.1.4' }),
});

function declinedOf(situation: ExternalSituation, chosen = policy): string {
  const decision = decideExternal(situation, chosen);
  return 'declined' in decision ? decision.declined : `not declined: ${JSON.stringify(decision)}`;
}

/** Annotations have slashes in their keys. */
function annotation(key: string, value = ''): Edit {
  return [`/metadata/annotations/${key.replaceAll('/', '~1')}`, value];
}

const record = (state: string, more: JsonObject = {}) =>
  JSON.stringify({
    version: 1,
    number: 4,
    hash: 'h',
    state,
    to: TO,
    startedAt: '2026-01-01T00:00:00Z',
    ...more,
  });

const UNHEALTHY: Edit = [
  '/status/conditions',
  ['HealthCheckSucceeded', 'OwnerRemediated'].map((type) => ({ type, status: 'False' })),
];

describe('a control plane', () => {
  it.each<[string, Changed, string]>([
    [
      'an owner of another Cluster',
      { cluster: edited(cluster, ['/metadata/name', 'other']) },
      'of Cluster edge, expected site/other',
    ],
    [
      'an owner without the label',
      { owner: controlPlane(['/metadata/labels/capi-refit.io~1strategy', undefined]) },
      'label capi-refit.io/strategy: got none, expected external',
    ],
    [
      'an owner that somebody else paused',
      { owner: controlPlane(annotation('cluster.x-k8s.io/paused')) },
      'is paused by somebody else',
    ],
    [
      'a paused Cluster',
      { cluster: edited(cluster, ['/spec/paused', true]) },
      'Cluster edge is paused by somebody else',
    ],
    [
      'an owner that is being deleted',
      { owner: controlPlane(['/metadata/deletionTimestamp', '2026-01-01T00:00:00Z']) },
      'is being deleted',
    ],
    [
      'a roll-out by Cluster API',
      { owner: controlPlane(['/status/conditions', [{ type: 'RollingOut', status: 'True' }]]) },
      'Cluster API is at work (condition RollingOut)',
    ],
    ['scaling', { owner: controlPlane(['/spec/replicas', 3]) }, 'got 1 Machines, expected 3'],
    [
      'a Machine that Cluster API updates in place',
      machineEdit(annotation('in-place-updates.internal.cluster.x-k8s.io/update-in-progress')),
      'Machine cp-a: Cluster API is updating it in place',
    ],
    [
      'more Machines than are wanted, of which Cluster API would delete one after the release',
      {
        owner: held(controlPlane()),
        machines: ['cp-a', 'cp-b'].map((name) => machineOf('KubeadmControlPlane', name)),
      },
      'got 2 Machines, expected 1: Cluster API would delete some: set spec.replicas to 2',
    ],
    [
      'a date on which Cluster API replaces its Machine',
      {
        owner: controlPlane(['/spec/rollout/after', '2026-02-01T00:00:00Z']),
        ...machineMade('2026-01-31T23:00:00Z'),
      },
      'spec.rollout.after: got 2026-02-01T00:00:00Z, expected a date before cp-a was made, or none',
    ],
    [
      'a Machine that a person wants to be replaced',
      machineEdit(annotation('cluster.x-k8s.io/remediate-machine')),
      'Machine cp-a: is to be replaced by Cluster API',
    ],
    [
      'a Machine that an old Cluster API would replace',
      machineEdit(annotation('controlplane.cluster.x-k8s.io/kubeadm-cluster-configuration', '{}')),
      'of Cluster API before 1.12, which compares by it and would replace the Machine',
    ],
    [
      'a Machine that a health check wants to be replaced',
      machineEdit(UNHEALTHY),
      'Machine cp-a: is to be replaced by Cluster API',
    ],
    [
      'another kind of infrastructure, also under the same name',
      { owner: controlPlane(['/spec/machineTemplate/spec/infrastructureRef/kind', 'IronMachineTemplate']) },
      'MetalMachine cp-a: kind of its template: got "IronMachineTemplate.infrastructure.cluster.x-k8s.io"',
    ],
    [
      'a Machine of another Cluster',
      machineEdit(['/spec/clusterName', 'other']),
      'Machine cp-a: of Cluster other, expected edge',
    ],
    [
      'a Machine that is being deleted',
      machineEdit(['/metadata/deletionTimestamp', 'now']),
      'Machine cp-a: is being deleted',
    ],
    [
      'a Machine without a Node',
      machineEdit(['/status/nodeRef', undefined]),
      'Machine cp-a: has no Node yet',
    ],
    [
      'a Machine without a configuration',
      machineEdit(['/spec/bootstrap/configRef', undefined]),
      'no bootstrap configuration',
    ],
    [
      'a blocked Machine',
      machineEdit(annotation('capi-refit.io/blocked', 'rolled back')),
      'is blocked: rolled back',
    ],
    [
      'a Machine whose operation runs',
      machineEdit(annotation('capi-refit.io/operation', record('running'))),
      'operation 4 of it runs',
    ],
    [
      'a Machine whose node still works',
      machineEdit(annotation('capi-refit.io/operation', record('failed', { host: 'working' }))),
      'the node still works on operation 4',
    ],
    [
      'names of other Machines',
      { named: ['cp-a', 'md-a'] },
      'Machines md-a: not of KubeadmControlPlane site/edge-cp',
    ],
    ['names that leave one out', { named: [] }, 'Machines cp-a: left out'],
    [
      'a downgrade',
      { owner: controlPlane(['/spec/version', 'v1.32.1']) },
      'downgrade from v1.33.7 to v1.32.1',
    ],
    ['two minor versions', { owner: controlPlane(['/spec/version', 'v1.35.1']) }, 'skips a minor version'],
    [
      'workers that would be too old',
      { facts: { admission: 'open', oldestWorkerVersion: 'v1.30.2' } },
      'a worker is at v1.30.2, more than 3 minor versions older: upgrade the workers first',
    ],
    [
      'a difference that is not covered',
      { owner: controlPlane(['/spec/kubeadmConfigSpec/ntp', { servers: ['a'] }]) },
      'Machine cp-a: not covered in place: bootstrapConfig /spec/ntp',
    ],
    [
      'another infrastructure template whose predecessor is gone',
      {
        owner: controlPlane(['/spec/machineTemplate/spec/infrastructureRef/name', 'cp-2']),
        templates: { infrastructure: { to: { image: 'b' } } },
      },
      'template cp-1 that it was made from: got nothing',
    ],
    [
      'a change of the infrastructure that no policy allows',
      {
        owner: controlPlane(['/spec/machineTemplate/spec/infrastructureRef/name', 'cp-2']),
        templates: { infrastructure: { from: { image: 'a' }, to: { image: 'b' } } },
      },
      'infrastructureMachine /spec/image',
    ],
    [
      'a release that the image map lacks',
      { owner: controlPlane(annotation('capi-refit.io/release', 'gold')) },
      'release gold: got nothing of that name',
    ],
    [
      'a release of another version',
      { owner: controlPlane(annotation('capi-refit.io/release', 'r1.33.7')) },
      'release r1.33.7: got Kubernetes v1.33.7, expected Kubernetes v1.34.3',
    ],
  ])('declines %s', (_what, changed, text) => {
    expect(declinedOf(controlPlaneSituation(changed))).toContain(text);
  });

  it.each<[string, Changed]>([
    [
      'conditions that stand still since it is paused',
      { owner: held(controlPlane(['/status/conditions', [{ type: 'RollingOut', status: 'True' }]])) },
    ],
    [
      'a Machine that it left unhealthy itself',
      machineEdit(UNHEALTHY, annotation('capi-refit.io/operation', record('failed', { workflow: 'w' }))),
    ],
    ['more Machines to come after the release', { owner: held(controlPlane(['/spec/replicas', 3])) }],
    [
      'a date before its Machine was made',
      {
        owner: controlPlane(['/spec/rollout/after', '2026-01-01T00:00:00Z']),
        ...machineMade('2026-01-02T00:00:00Z'),
      },
    ],
  ])('is not declined for %s', (_what, changed) => {
    expect(decideExternal(controlPlaneSituation(changed), policy)).toMatchObject({
      upgrades: [{ name: 'cp-a' }],
    });
  });

  it('declines a version that the image map lacks', () => {
    const lacking = policyOf({ imageMap: imageMap(FROM) });
    expect(declinedOf(controlPlaneSituation(), lacking)).toContain('got no release for Kubernetes v1.34.3');
  });

  it('declines an uncovered difference although hooks would have Cluster API replace the Machine for it', () => {
    const owner = controlPlane(['/spec/kubeadmConfigSpec/ntp', { servers: ['a'] }]);
    const replacing = policyOf({ onUncovered: 'replace', imageMap: imageMap(FROM, TO) });
    expect(declinedOf(controlPlaneSituation({ owner }), replacing)).toContain('not covered in place');
  });
});

function machineMade(creationTimestamp: string): Partial<ExternalSituation> {
  return machineEdit(['/metadata/creationTimestamp', creationTimestamp]);
}

function machineEdit(...edits: Edit[]): Partial<ExternalSituation> {
  const now = machineOf('KubeadmControlPlane', 'cp-a');
  return { machines: [{ ...now, machine: edited(now.machine, ...edits) }] };
}
