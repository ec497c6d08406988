import { describe, expect, it } from '@jest/globals';
import { patched } from '../../src/api/external-desired.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { decideExternal, type ExternalSituation, type MachineUpgrade } from '../../src/plan/external.ts';
import {
  controlPlane,
  controlPlaneSituation,
  FROM,
  machineDeployment,
  machineOf,
  TO,
  workerSituation,
} from '../helpers/external.ts';
import { edited, imageMap, policyOf, type Edit } from '../helpers/requests.ts';

const policy = policyOf({
  imageMap: imageMap(FROM, TO, { name: 'r1.34.3-b', kubernetes: TO, containerd: '2.1.4' }),
});

function upgradesOf(situation: ExternalSituation, chosen = policy): readonly MachineUpgrade[] {
  const decision = decideExternal(situation, chosen);
  if ('declined' in decision) throw new Error(decision.declined);
  return decision.upgrades;
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

describe('a control plane of one', () => {
  it('is planned as a Machine, from the init variant of its configuration to the join variant', () => {
    const situation = controlPlaneSituation();
    const [upgrade, ...others] = upgradesOf(situation);
    expect(others).toEqual([]);
    expect(upgrade).toMatchObject({ name: 'cp-a', nodeName: 'cp-a', number: 1, from: FROM });
    expect(upgrade?.plan).toMatchObject({ role: 'control-plane', kubernetes: TO, release: 'r1.34.3-b' });
    const [now] = situation.machines;
    const then = now && upgrade && patched(now, upgrade.patches);
    expect(then?.machine['spec']).toMatchObject({ version: TO });
    expect(then?.bootstrapConfig?.['spec']).toEqual({
      clusterConfiguration: {
        apiServer: { extraArgs: [{ name: 'profiling', value: 'false' }] },
        etcd: { local: { imageTag: '3.5.21-0' } },
        featureGates: { ControlPlaneKubeletLocalMode: true },
      },
      joinConfiguration: {
        nodeRegistration: { kubeletExtraArgs: [{ name: 'v', value: '2' }] },
        controlPlane: {},
      },
      files: [{ path: '/etc/kubernetes/audit.yaml', content: 'a: 1\n' }],
    });
    expect(upgrade?.patches.infrastructureMachine).toEqual({});
  });

  it('that was given neither an init nor a join configuration is no other Machine for that', () => {
    const owner = controlPlane(
      ['/spec/kubeadmConfigSpec/initConfiguration', undefined],
      ['/spec/kubeadmConfigSpec/joinConfiguration', undefined],
    );
    const machine = machineOf('KubeadmControlPlane', 'cp-a', [
      '/bootstrapConfig/spec/initConfiguration',
      undefined,
    ]);
    const [upgrade] = upgradesOf(controlPlaneSituation({ owner, machines: [machine] }));
    expect(upgrade?.patches.bootstrapConfig).toMatchObject({
      spec: { joinConfiguration: { controlPlane: {} } },
    });
  });

  it('of which an old Cluster API did not say that it joined as control plane is no other Machine for that', () => {
    const registration = { taints: [], kubeletExtraArgs: [{ name: 'v', value: '2' }] };
    const owner = controlPlane(['/spec/kubeadmConfigSpec/joinConfiguration/nodeRegistration', registration]);
    const machine = machineOf(
      'KubeadmControlPlane',
      'cp-a',
      ['/bootstrapConfig/spec/initConfiguration', undefined],
      ['/bootstrapConfig/spec/joinConfiguration', { nodeRegistration: registration }],
    );
    const [upgrade] = upgradesOf(controlPlaneSituation({ owner, machines: [machine] }));
    expect(upgrade?.patches.bootstrapConfig).toMatchObject({
      spec: { joinConfiguration: { controlPlane: {} } },
    });
  });

  it('is up to date after the patches', () => {
    const situation = controlPlaneSituation();
    const [upgrade] = upgradesOf(situation);
    const machines = situation.machines.map((now) => (upgrade ? patched(now, upgrade.patches) : now));
    expect(decideExternal({ ...situation, machines }, policy)).toEqual({ upgrades: [], upToDate: ['cp-a'] });
  });

  it('counts its operations on, and does again what was left half-way although its objects are as wanted', () => {
    const situation = controlPlaneSituation();
    const [first] = upgradesOf(situation);
    const machines = situation.machines.map((now) => (first ? patched(now, first.patches) : now));
    const left = machines.map((now) => ({
      ...now,
      machine: edited(
        now.machine,
        annotation('capi-refit.io/operation', record('failed', { workflow: 'w' })),
      ),
    }));
    expect(upgradesOf({ ...situation, machines: left })).toMatchObject([{ name: 'cp-a', number: 5 }]);
  });

  it('takes the release that the owner names, also at the same version', () => {
    const owner = controlPlane(['/spec/version', FROM], annotation('capi-refit.io/release', 'r1.33.7'));
    const same = controlPlaneSituation({ owner, mustRun: true });
    expect(upgradesOf(same)[0]?.plan).toMatchObject({ kubernetes: FROM, release: 'r1.33.7' });
  });
});

describe('workers', () => {
  it('are planned in the order of their names, those that are done are left out', () => {
    const situation = workerSituation();
    expect(upgradesOf(situation).map(({ name }) => name)).toEqual(['md-a', 'md-b']);
    const [first, second] = situation.machines;
    const done =
      first &&
      patched(first, { machine: { spec: { version: TO } }, bootstrapConfig: {}, infrastructureMachine: {} });
    const decision = decideExternal({ ...situation, machines: done && second ? [done, second] : [] }, policy);
    expect(decision).toMatchObject({
      upgrades: [{ name: 'md-b', patches: { bootstrapConfig: {} } }],
      upToDate: ['md-a'],
    });
  });

  it('get what differs between two templates and nothing else: their token stays', () => {
    const owner = machineDeployment(['/spec/template/spec/bootstrap/configRef/name', 'md-2']);
    const bootstrap = {
      from: { joinConfiguration: {}, verbosity: 2 },
      to: { joinConfiguration: {}, verbosity: 3 },
    };
    const [upgrade] = upgradesOf(workerSituation({ owner, templates: { bootstrap } }));
    expect(upgrade?.patches.bootstrapConfig).toEqual({
      metadata: {
        annotations: {
          'cluster.x-k8s.io/cloned-from-name': 'md-2',
          'cluster.x-k8s.io/cloned-from-groupkind': 'KubeadmConfigTemplate.bootstrap.cluster.x-k8s.io',
        },
      },
      spec: { verbosity: 3 },
    });
  });

  it('get what the policy allows of another infrastructure template', () => {
    const owner = machineDeployment(['/spec/template/spec/infrastructureRef/name', 'md-2']);
    const templates = { infrastructure: { from: { image: 'a' }, to: { image: 'b' } } };
    const allowing = policyOf({
      imageMap: imageMap(FROM, TO),
      claims: { infrastructure: { MetalMachine: ['/image'] } },
    });
    const [upgrade] = upgradesOf(workerSituation({ owner, templates }), allowing);
    expect(upgrade?.patches.infrastructureMachine).toMatchObject({
      metadata: { annotations: { 'cluster.x-k8s.io/cloned-from-name': 'md-2' } },
      spec: { image: 'b' },
    });
  });
});
