import { describe, expect, it } from '@jest/globals';
import type { Role } from '../../src/api/steps.ts';
import type { Claim } from '../../src/plan/claim.ts';
import type { Facts } from '../../src/plan/types.ts';
import { claims } from '../helpers/claims.ts';
import { edited, machineBody, machineSetBody, NO_FACTS, policyOf, type Parts } from '../helpers/requests.ts';

const FILE = [{ path: '/etc/kubernetes/audit.yaml', content: 'x' }];

function verdicts(...input: Parameters<typeof claims>): Claim['verdict'][] {
  return claims(...input).map((claim) => claim.verdict);
}

describe('the version of a machine', () => {
  it.each<[string, string, string]>([
    ['v1.33.7', 'v1.34.3', 'claimed'],
    ['v1.34.2', 'v1.34.3', 'claimed'],
    ['v1.34.3', 'v1.34.2', 'downgrade from v1.34.3 to v1.34.2'],
    ['v1.34.3', 'v1.33.9', 'downgrade from v1.34.3 to v1.33.9'],
    ['v1.33.7', 'v1.35.0', 'skips a minor version: v1.33.7 to v1.35.0'],
    ['v1.34.3', 'v2.34.3', 'another major version: v1.34.3 to v2.34.3'],
  ])('%s -> %s: %s', (from, to, verdict) => {
    for (const body of [machineBody, machineSetBody]) {
      const [claim] = claims(body({ from: { version: from }, to: { version: to } }));
      expect(claim).toMatchObject(
        verdict === 'claimed'
          ? { verdict, steps: ['prepull', 'kubeadm', 'kubelet'], subject: { name: `${from} -> ${to}` } }
          : { verdict: 'uncovered', reason: verdict },
      );
    }
  });

  it.each<[Role, string | undefined, Claim['verdict']]>([
    ['worker', undefined, 'claimed'],
    ['worker', 'v1.34.0', 'claimed'],
    ['worker', 'v1.33.9', 'uncovered'],
    ['control-plane', 'v1.33.9', 'claimed'],
  ])('of a %s with API server %s: %s', (role, apiServerVersion, verdict) => {
    const facts: Facts = { ...NO_FACTS, ...(apiServerVersion === undefined ? {} : { apiServerVersion }) };
    const body = machineBody({ role, from: { version: 'v1.33.7' }, to: { version: 'v1.34.3' } });
    expect(claims(body, policyOf(), facts).map((claim) => claim.verdict)).toEqual([verdict]);
  });

  it('the reason says which API server is too old', () => {
    const body = machineSetBody({ from: { version: 'v1.33.7' }, to: { version: 'v1.34.3' } });
    expect(claims(body, policyOf(), { ...NO_FACTS, apiServerVersion: 'v1.33.9' })).toMatchObject([
      { reason: 'kubelet v1.34.3 would be above the API server, v1.33.9' },
    ]);
  });
});

it('the failure domain of a machine is uncovered', () => {
  expect(verdicts(machineBody({ to: { failureDomain: 'b' } }))).toEqual(['uncovered']);
});

describe('infrastructure', () => {
  const change = (field: string) => ({ to: { infrastructure: edited({}, [field, 1]) } });
  const policy = policyOf({ claims: { infrastructure: { MetalMachine: ['/image', '/a~1b/c'] } } });

  it.each([
    ['/image', 'claimed'],
    ['/image/url', 'claimed'],
    ['/images', 'uncovered'],
    ['/disk', 'uncovered'],
    ['/a~1b/c/d', 'claimed'],
    ['/a~1b', 'uncovered'],
  ])('%s is %s when /image and /a~1b/c are allowed', (field, verdict) => {
    expect(verdicts(machineBody(change(field)), policy)).toEqual([verdict]);
    expect(verdicts(machineSetBody(change(field)), policy)).toEqual([verdict]);
  });

  it.each(['OtherMachine', 'constructor'])('of kind %s has no allow-list', (kind) => {
    const body = edited(machineBody(change('/image')), ...kinds('infrastructureMachine', kind));
    expect(verdicts(body, policy)).toEqual(['uncovered']);
  });
});

describe('a bootstrap kind without recipe', () => {
  const parts: Parts = {
    bootstrapKind: 'RKE2Config',
    from: { version: 'v1.33.7' },
    to: { bootstrap: { files: FILE }, infrastructure: { image: 'b' } },
  };
  const policy = policyOf({ claims: { infrastructure: { MetalMachine: ['/image'] } } });

  it.each([
    ['RKE2Config', machineBody(parts)],
    ['RKE2ConfigTemplate', machineSetBody(parts)],
  ])('makes everything uncovered and is named: %s', (kind, body) => {
    const reason = `bootstrap kind ${kind} of bootstrap.cluster.x-k8s.io/v1beta2 has no recipe for updates in place`;
    expect(claims(body, policy)).toEqual(Array(3).fill({ verdict: 'uncovered', reason }));
  });

  it('is also a KubeadmConfig of another group', () => {
    const body = edited(
      machineBody({ to: { version: 'v1.34.4' } }),
      ...(['current', 'desired'] as const).map(
        (side) => [`/${side}/bootstrapConfig/apiVersion`, 'bootstrap.example.com/v1'] as const,
      ),
    );
    expect(claims(body)).toMatchObject([{ reason: expect.stringContaining('of bootstrap.example.com/v1') }]);
  });

  it('is also none at all', () => {
    const body = machineBody({ from: { bootstrap: null }, to: { bootstrap: null, version: 'v1.34.4' } });
    expect(claims(body)).toEqual([
      { verdict: 'uncovered', reason: 'without a bootstrapConfig there is no recipe for updates in place' },
    ]);
  });
});

it('an object that changes its kind or goes is uncovered', () => {
  const kind = edited(machineBody({}), ['/desired/infrastructureMachine/kind', 'VirtualMachine']);
  expect(verdicts(kind)).toEqual(['uncovered']);
  expect(verdicts(machineBody({ from: { bootstrap: null } }))).toEqual(['uncovered']);
  expect(verdicts(machineBody({ to: { bootstrap: null } }))).toEqual(['uncovered']);
});

function kinds(object: string, kind: string) {
  return (['current', 'desired'] as const).map((side) => [`/${side}/${object}/kind`, kind] as const);
}
