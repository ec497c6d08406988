import { describe, expect, it } from '@jest/globals';
import { differences } from '../../src/plan/differences.ts';
import { canUpdate, edited, machineBody, machineSetBody, recorded, type Edit } from '../helpers/requests.ts';

const VERSION = 'kcp-version-1.33-to-1.34/01-canupdatemachine-refit-cp-2f546.json';
const SET_VERSION = 'md-version-1.33-to-1.34/01-canupdatemachineset-refit-md-0-kkvzp.json';

function placesOf(body: Parameters<typeof canUpdate>[0]): string[] {
  return differences(canUpdate(body)).map(({ object, path }) => `${object} ${path}`);
}

describe('of a Machine', () => {
  it.each<[string, Edit]>([
    ['labels', ['/desired/machine/metadata/labels/site', 'b']],
    ['annotations', ['/desired/bootstrapConfig/metadata/annotations/site', 'b']],
    ['infrastructure labels', ['/desired/infrastructureMachine/metadata/labels/site', 'b']],
    ['readiness gates', ['/desired/machine/spec/readinessGates', []]],
    ['deletion timeouts', ['/desired/machine/spec/deletion/nodeDrainTimeoutSeconds', 1]],
    ['references', ['/desired/machine/spec/infrastructureRef/name', 'other']],
    ['provider id', ['/desired/machine/spec/providerID', 'x://y']],
    ['taints', ['/desired/machine/spec/taints', [{ key: 'a', effect: 'NoSchedule' }]]],
  ])('%s do not count', (_, edit) => {
    expect(placesOf(recorded(VERSION, edit))).toEqual(['machine /spec/version']);
  });

  it('failureDomain counts', () => {
    expect(placesOf(machineBody({ to: { failureDomain: 'b' } }))).toEqual(['machine /spec/failureDomain']);
  });

  it('everything in the spec of the other two counts, strictly', () => {
    const body = machineBody({
      from: { bootstrap: { files: [], ntp: {} }, infrastructure: { image: 'a' } },
      to: { bootstrap: { files: null, ntp: { enabled: true } }, infrastructure: { image: 'a', tags: {} } },
    });
    expect(placesOf(body)).toEqual([
      'infrastructureMachine /spec/tags',
      'bootstrapConfig /spec/files',
      'bootstrapConfig /spec/ntp/enabled',
    ]);
  });
});

describe('of a MachineSet', () => {
  it.each<[string, Edit]>([
    ['name', ['/desired/machineSet/metadata/name', 'other']],
    ['selector', ['/desired/machineSet/spec/selector/matchLabels/x', 'y']],
    ['replicas', ['/desired/machineSet/spec/replicas', 7]],
    ['template labels', ['/desired/machineSet/spec/template/metadata/labels/x', 'y']],
    ['configRef', ['/desired/machineSet/spec/template/spec/bootstrap/configRef/name', 'v9']],
    ['template name', ['/desired/bootstrapConfigTemplate/metadata/name', 'v9']],
    [
      'fields beside template.spec',
      ['/desired/bootstrapConfigTemplate/spec/template/metadata', { labels: {} }],
    ],
  ])('%s does not count', (_, edit) => {
    expect(placesOf(recorded(SET_VERSION, edit))).toEqual(['machineSet /spec/template/spec/version']);
  });

  it('what is in template.spec counts', () => {
    const body = machineSetBody({
      to: { failureDomain: 'b', bootstrap: { verbosity: 2 }, infrastructure: { cpu: 2 } },
    });
    expect(placesOf(body)).toEqual([
      'machineSet /spec/template/spec/failureDomain',
      'infrastructureMachineTemplate /spec/template/spec/cpu',
      'bootstrapConfigTemplate /spec/template/spec/verbosity',
    ]);
  });
});

describe('of whole objects', () => {
  it.each(['current', 'desired'])(
    'a bootstrapConfig on one side only (not in %s) is one difference',
    (side) => {
      expect(
        differences(canUpdate(recorded(VERSION, [`/${side}/bootstrapConfig`, undefined]))),
      ).toContainEqual({
        object: 'bootstrapConfig',
        part: 'bootstrap',
        path: '',
        keys: [],
        [side === 'current' ? 'to' : 'from']: {
          apiVersion: 'bootstrap.cluster.x-k8s.io/v1beta2',
          kind: 'KubeadmConfig',
        },
      });
    },
  );

  it('no bootstrapConfig on both sides is none', () => {
    const body = machineBody({ from: { bootstrap: null }, to: { bootstrap: null } });
    expect(placesOf(body)).toEqual([]);
  });

  it.each([
    ['/desired/infrastructureMachine/kind', 'VirtualMachine', 'infrastructureMachine '],
    ['/desired/bootstrapConfig/kind', 'RKE2Config', 'bootstrapConfig '],
    ['/desired/bootstrapConfig/apiVersion', 'bootstrap.example.com/v1', 'bootstrapConfig '],
  ])('another kind is one difference: %s %s', (pointer, value, expected) => {
    const body = edited(machineBody({ to: { bootstrap: { verbosity: 1 } } }), [pointer, value]);
    expect(placesOf(body).filter((place) => place.startsWith(expected))).toEqual([expected]);
  });

  it('another API version of the same kind is none', () => {
    const body = edited(machineBody({}), [
      '/desired/bootstrapConfig/apiVersion',
      'bootstrap.cluster.x-k8s.io/v1beta1',
    ]);
    expect(placesOf(body)).toEqual([]);
  });
});
