import { desiredHash } from '../../src/api/desired-hash.ts';
import { describe, expect, it } from '@jest/globals';
import { StatusError } from '../../src/api/errors.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { decideCanUpdate, planUpdate } from '../../src/plan/decide.ts';
import type { Facts } from '../../src/plan/types.ts';
import {
  canUpdate,
  edited,
  imageMap,
  machineBody,
  machineSetBody,
  NO_FACTS,
  policyOf,
  updateMachine,
  updateMachineBody,
  type Parts,
} from '../helpers/requests.ts';

function decide(parts: Parts, policy: unknown = {}, facts: Facts = NO_FACTS) {
  return decideCanUpdate(canUpdate(machineBody(parts)), policyOf(policy), facts);
}

const UPGRADE: Parts = { from: { version: 'v1.33.7' }, to: { version: 'v1.34.3' } };
const NTP: Parts = { to: { bootstrap: { ntp: { servers: ['a'] } } } };
const MIXED: Parts = {
  from: { version: 'v1.33.7', bootstrap: {} },
  to: { version: 'v1.34.3', bootstrap: { ntp: { servers: ['a'] }, verbosity: 2 } },
};

describe('decideCanUpdate', () => {
  it('accepts without steps or patches when nothing differs', () => {
    expect(decide({})).toMatchObject({
      decision: 'accept',
      reason: 'nothing differs',
      differences: [],
      steps: [],
      patches: {},
    });
  });

  it('accepts when every difference is claimed', () => {
    expect(decide(UPGRADE)).toMatchObject({
      decision: 'accept',
      differences: [
        { object: 'machine', path: '/spec/version', from: 'v1.33.7', to: 'v1.34.3', verdict: 'claimed' },
      ],
      patches: { machine: [{ op: 'replace', path: '/spec/version', value: 'v1.34.3' }] },
    });
  });

  it('blocks by default, naming every uncovered field and why, and answers no patch', () => {
    const parts = edited(
      { ...NTP } as JsonObject,
      ['/to/failureDomain', 'b'],
      ['/to/infrastructure', { cpu: 2 }],
    );
    expect(decide(parts as Parts)).toMatchObject({
      decision: 'block',
      reason:
        'not covered in place: machine /spec/failureDomain (a machine is not moved in place); ' +
        'infrastructureMachine /spec/cpu (not in policy.claims.infrastructure of MetalMachine); ' +
        'bootstrapConfig /spec/ntp/servers (time synchronisation is not changed in place)',
      patches: {},
    });
  });

  it('lets CAPI replace by policy, with the claimed patches only', () => {
    expect(decide(MIXED, { onUncovered: 'replace' })).toMatchObject({
      decision: 'replace',
      reason: expect.stringContaining('bootstrapConfig /spec/ntp/servers'),
      patches: {
        machine: [{ op: 'replace', path: '/spec/version', value: 'v1.34.3' }],
        bootstrapConfig: [{ op: 'add', path: '/spec/verbosity', value: 2 }],
      },
    });
  });

  it('claims nothing of a machine whose objects change their kind: CAPI would not see that', () => {
    const body = edited(machineBody(UPGRADE), ['/desired/infrastructureMachine/kind', 'VirtualMachine']);
    const policy = policyOf({ onUncovered: 'replace' });
    expect(decideCanUpdate(canUpdate(body), policy, NO_FACTS)).toMatchObject({
      decision: 'replace',
      reason: expect.stringContaining('infrastructureMachine / ('),
      patches: {},
    });
  });

  it.each([
    ['kind', 'VirtualMachine'],
    ['apiVersion', 'example.com/v1'],
  ])(
    'blocks a machine of which nothing but the %s of an object changes: CAPI would update it',
    (field, to) => {
      const body = edited(machineBody({}), [`/desired/infrastructureMachine/${field}`, to]);
      expect(decideCanUpdate(canUpdate(body), policyOf({ onUncovered: 'replace' }), NO_FACTS)).toMatchObject({
        decision: 'block',
        reason: expect.stringMatching(/^not covered in place: infrastructureMachine .*specs only/),
        patches: {},
      });
    },
  );

  it('shows the steps of the claimed differences also when something is uncovered', () => {
    expect(decide(MIXED).steps.map(({ name }) => name)).toContain('kubeadm');
    expect(decide(NTP).steps).toEqual([]);
  });

  it('names many uncovered fields up to a limit', () => {
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`field${index}`, 1]));
    const { reason } = decide({ to: { infrastructure: many } });
    expect(reason.split('; ')).toHaveLength(501);
    expect(reason).toMatch(/; and 100 more$/);
  });

  it('says the same of a request whose members come in another order', () => {
    const turned = (value: JsonObject): JsonObject => Object.fromEntries(Object.entries(value).reverse());
    const bootstrap = {
      ntp: { servers: ['a'], enabled: true },
      users: [{ name: 'b', shell: 'c' }],
      verbosity: 1,
    };
    const [a, b] = [bootstrap, turned({ ...bootstrap, ntp: turned(bootstrap.ntp) })].map((spec) =>
      decide({ to: { bootstrap: spec } }),
    );
    expect(JSON.stringify(a)).toBe(JSON.stringify(b));
  });

  it('replaces no machine because the image map has a gap', () => {
    expect(decide(MIXED, { onUncovered: 'replace', imageMap: imageMap('v1.33.7') })).toMatchObject({
      decision: 'reject',
      reason: 'imageMap: got no release for Kubernetes v1.34.3, expected one of v1.33.7',
      differences: [{ path: '/spec/version' }, { path: '/spec/ntp/servers' }, { path: '/spec/verbosity' }],
      steps: [],
      patches: {},
    });
  });

  it('names every uncovered field even if the image map has a gap too', () => {
    const { decision, reason } = decide(MIXED, { imageMap: imageMap('v1.33.7') });
    expect(decision).toBe('block');
    expect(reason).toContain('/spec/ntp/servers');
  });

  it('accepts nothing that UpdateMachine would refuse: a change at a version without release', () => {
    const policy = { imageMap: imageMap('v1.33.7') };
    expect(decide({ to: { bootstrap: { verbosity: 1 } } }, policy).decision).toBe('reject');
    expect(decide({}, policy).decision).toBe('accept');
  });

  it('needs no release for a version that is uncovered itself', () => {
    const [from, imageMapOnly] = [{ version: 'v1.30.0' }, { imageMap: imageMap('v1.33.7') }];
    expect(decide({ from }, imageMapOnly).decision).toBe('block');
    expect(decide({ from }, { ...imageMapOnly, onUncovered: 'replace' }).decision).toBe('replace');
  });

  it('takes components from the last release of the version', () => {
    const release = (name: string, containerd: string) => ({ name, kubernetes: 'v1.34.3', containerd });
    const map = imageMap(release('b', '2.1.5'), release('a', '2.1.4'));
    expect(decide(UPGRADE, { imageMap: map }).steps).toContainEqual(
      expect.objectContaining({ name: 'containerd', reason: 'containerd 2.1.5 of release b' }),
    );
  });

  it('treats a MachineSet as workers', () => {
    const request = canUpdate(
      edited(machineSetBody(UPGRADE), [
        '/desired/machineSet/metadata/labels',
        {
          'cluster.x-k8s.io/control-plane': '',
        },
      ]),
    );
    const kubeadm = decideCanUpdate(request, policyOf(), NO_FACTS).steps.find(
      ({ name }) => name === 'kubeadm',
    );
    expect(kubeadm).toMatchObject({ disruptive: false });
  });
});

describe('planUpdate', () => {
  const plan = (parts: Parts, policy: unknown = {}, facts: Facts = NO_FACTS) =>
    planUpdate(updateMachine(updateMachineBody(parts)), policyOf(policy), facts);

  it('gives role, version, release, hash and all steps that may have work', () => {
    const policy = { imageMap: imageMap('v1.33.7', 'v1.34.3') };
    expect(plan({ role: 'worker' }, policy)).toMatchObject({
      role: 'worker',
      kubernetes: 'v1.34.3',
      release: 'r1.34.3',
      hash: desiredHash(updateMachine(updateMachineBody({ role: 'worker' }))),
    });
    expect(plan({}).role).toBe('control-plane');
    expect(plan({}).steps.at(0)?.name).toBe('preflight');
    expect(plan({}).steps.at(-1)?.name).toBe('complete');
  });

  it('names no release without an image map', () => {
    expect(plan({})).not.toHaveProperty('release');
  });

  it.each<[string, Parts, unknown, Facts, string]>([
    [
      'a bootstrap kind without recipe',
      { bootstrapKind: 'RKE2Config' },
      {},
      NO_FACTS,
      'desired.bootstrapConfig.kind: got "RKE2Config", expected KubeadmConfig',
    ],
    [
      'no bootstrap configuration',
      { to: { bootstrap: null } },
      {},
      NO_FACTS,
      'desired.bootstrapConfig.kind: got nothing, expected KubeadmConfig',
    ],
    [
      'a version that no release holds',
      { to: { version: 'v1.35.1' } },
      { imageMap: imageMap('v1.34.3') },
      NO_FACTS,
      'imageMap: got no release for Kubernetes v1.35.1, expected one of v1.34.3',
    ],
    [
      'a downgrade of the node',
      {},
      {},
      { ...NO_FACTS, nodeVersion: 'v1.34.4' },
      'desired.machine.spec.version: got "v1.34.3", expected v1.34.4 of the node or the next minor version: downgrade from v1.34.4 to v1.34.3',
    ],
    [
      'a skipped minor version',
      {},
      {},
      { ...NO_FACTS, nodeVersion: 'v1.32.1' },
      'desired.machine.spec.version: got "v1.34.3", expected v1.32.1 of the node or the next minor version: skips a minor version: v1.32.1 to v1.34.3',
    ],
    [
      'a worker above the API server',
      { role: 'worker' },
      {},
      { ...NO_FACTS, apiServerVersion: 'v1.33.9' },
      'desired.machine.spec.version: got "v1.34.3", expected at most the minor version of the API server, v1.33.9',
    ],
  ])('refuses %s', (_, parts, policy, facts, message) => {
    expect(() => plan(parts, policy, facts)).toThrow(new StatusError(message, { reason: 'BadInput' }));
  });

  it.each<[string, Facts]>([
    ['the node is there already', { ...NO_FACTS, nodeVersion: 'v1.34.3' }],
    ['the node is a minor version behind', { ...NO_FACTS, nodeVersion: 'v1.33.9' }],
    [
      'the API server is still behind its first control-plane node',
      { ...NO_FACTS, apiServerVersion: 'v1.33.9' },
    ],
  ])('obeys when %s', (_, facts) => {
    expect(plan({}, {}, facts).kubernetes).toBe('v1.34.3');
  });
});
