import { describe, expect, it } from '@jest/globals';
import type { Policy } from '../../src/api/policy.ts';
import type { Role } from '../../src/api/steps.ts';
import type { Claim, Subject, WorkStep } from '../../src/plan/claim.ts';
import { releaseOf } from '../../src/plan/release.ts';
import { planSteps, possibleWork, workOfClaims } from '../../src/plan/steps.ts';
import type { PlannedStep } from '../../src/plan/types.ts';
import { imageMap, policyOf } from '../helpers/requests.ts';

const ALWAYS = ['preflight', 'protect', 'backup', 'verify', 'complete'];

function claim(kind: Subject['kind'], name: string, steps: WorkStep[], disturbs = false): Claim {
  return { verdict: 'claimed', reason: '', steps, subject: { kind, name }, disturbs };
}

const VERSION = claim('version', 'v1.33.7 -> v1.34.3', ['prepull', 'kubeadm', 'kubelet']);
const FILE = claim('files', '/etc/sysctl.d/a', ['configure']);
const ARGUMENT = claim('kubelet arguments', 'max-pods', ['configure', 'kubelet']);
const SANS = claim('fields', 'clusterConfiguration.apiServer.certSANs', ['kubeadm', 'configure'], true);

interface Input {
  role?: Role;
  policy?: Policy;
  from?: string;
  to?: string;
}

function needed(
  claims: Claim[],
  { role = 'worker', policy = policyOf(), from = 'v1.34.3', to = from }: Input = {},
) {
  const work = workOfClaims(claims, from, { role, policy, release: releaseOf(policy, to) });
  return planSteps(role, policy.drain, work);
}

function possible({ role = 'worker', policy = policyOf(), to = 'v1.34.3' }: Input = {}) {
  return planSteps(role, policy.drain, possibleWork({ role, policy, release: releaseOf(policy, to) }));
}

/** Names in order, `!` after those that disturb. */
function brief(steps: PlannedStep[]): string {
  return steps.map(({ name, disruptive }) => `${name}${disruptive ? '!' : ''}`).join(' ');
}

function reason(steps: PlannedStep[], name: string): string | undefined {
  return steps.find((step) => step.name === name)?.reason;
}

describe('steps that a CanUpdate request needs', () => {
  it.each<[string, Role, Claim[], string]>([
    ['nothing on the node', 'worker', [claim('fields', 'verbosity', [])], ALWAYS.join(' ')],
    [
      'a version of a worker',
      'worker',
      [VERSION],
      'preflight protect backup stage prepull drain! kubeadm kubelet! verify complete',
    ],
    [
      'a version of a control plane',
      'control-plane',
      [VERSION],
      'preflight protect backup stage prepull kubeadm! drain! kubelet! verify complete',
    ],
    ['a file', 'control-plane', [FILE], 'preflight protect backup stage configure verify complete'],
    [
      'a file of containerd',
      'worker',
      [claim('files', '/etc/containerd/a', ['configure'], true)],
      'preflight protect backup stage drain! configure! verify complete',
    ],
    [
      'a kubelet argument',
      'worker',
      [ARGUMENT],
      'preflight protect backup stage drain! configure kubelet! verify complete',
    ],
    [
      'certSANs',
      'control-plane',
      [SANS],
      'preflight protect backup stage kubeadm! drain! configure! verify complete',
    ],
  ])('for %s', (_, role, claims, expected) => {
    expect(brief(needed(claims, { role }))).toBe(expected);
  });

  it('say why', () => {
    const steps = needed([VERSION, FILE, ARGUMENT], { role: 'control-plane' });
    expect(reason(steps, 'kubeadm')).toBe('version v1.33.7 -> v1.34.3');
    expect(reason(steps, 'configure')).toBe('files /etc/sysctl.d/a; kubelet arguments max-pods');
    expect(reason(steps, 'kubelet')).toBe('version v1.33.7 -> v1.34.3; kubelet arguments max-pods');
    expect(reason(steps, 'stage')).toBe('prepares kubeadm, configure, kubelet');
    expect(reason(steps, 'drain')).toBe('disturbed by kubeadm, kubelet');
    expect(reason(steps, 'backup')).toContain('etcd snapshot');
  });

  it('name a subject once, and no more than twenty', () => {
    expect(reason(needed([FILE, FILE]), 'configure')).toBe('files /etc/sysctl.d/a');
    const many = Array.from({ length: 25 }, (_, index) => claim('files', `/f${index}`, ['configure']));
    expect(reason(needed(many), 'configure')).toMatch(/^files \/f0, .*\/f19 and 5 more$/);
  });

  it('carry the group of the step table', () => {
    expect(needed([VERSION]).map(({ name, group }) => `${name}:${group}`)).toEqual([
      'preflight:quiet',
      'protect:quiet',
      'backup:quiet',
      'stage:quiet',
      'prepull:quiet',
      'drain:-',
      'kubeadm:flip',
      'kubelet:flip',
      'verify:flip',
      'complete:-',
    ]);
  });
});

describe('drain', () => {
  it.each<[Policy['drain'], Claim, boolean]>([
    ['auto', VERSION, true],
    ['auto', FILE, false],
    ['always', FILE, true],
    ['always', claim('fields', 'verbosity', []), false],
    ['never', VERSION, false],
  ])('%s: %j is %s', (drain, cause, expected) => {
    const names = needed([cause], { policy: policyOf({ drain }) }).map(({ name }) => name);
    expect(names.includes('drain')).toBe(expected);
    expect(names).not.toContain('uncordon');
  });
});

describe('containerd and cni', () => {
  const old = { name: 'old', kubernetes: 'v1.33.7', containerd: '2.1.4', cni: '1.7.1' };
  const release = (fields: Record<string, string>) => ({ name: 'new', kubernetes: 'v1.34.3', ...fields });
  const upgrade = (...releases: Parameters<typeof imageMap>) =>
    needed([VERSION], {
      policy: policyOf({ imageMap: imageMap(...releases) }),
      from: 'v1.33.7',
      to: 'v1.34.3',
    });

  it.each<[string, Parameters<typeof imageMap>, string[]]>([
    ['another version', [old, release({ containerd: '2.1.5', cni: '1.8.0' })], ['containerd', 'cni']],
    ['the same versions', [old, release({ containerd: '2.1.4', cni: '1.7.1' })], []],
    ['one of them', [old, release({ containerd: '2.1.4', cni: '1.8.0' })], ['cni']],
    ['a release that names none', [old, release({})], []],
    ['no release of the current version', [release({ containerd: '2.1.4' })], ['containerd']],
    [
      'several releases of the current version that do not agree',
      [old, { ...old, name: 'older', containerd: '2.1.3' }, release({ containerd: '2.1.4' })],
      ['containerd'],
    ],
  ])('%s', (_, releases, expected) => {
    const names = upgrade(...releases).map(({ name }) => name);
    expect(names.filter((name) => name === 'containerd' || name === 'cni')).toEqual(expected);
  });

  it('are left alone without an image map', () => {
    expect(brief(needed([VERSION]))).not.toMatch(/containerd|cni/);
  });

  it('come before kubeadm, say which release, and containerd disturbs', () => {
    const steps = upgrade(old, release({ containerd: '2.1.5', cni: '1.8.0' }));
    expect(brief(steps)).toBe(
      'preflight protect backup stage prepull drain! containerd! cni kubeadm kubelet! verify complete',
    );
    expect(reason(steps, 'containerd')).toBe('containerd 2.1.5 of release new');
    expect(reason(steps, 'stage')).toContain('containerd');
  });
});

describe('steps of UpdateMachine', () => {
  it.each<[Role, string]>([
    ['worker', 'preflight protect backup stage prepull drain! kubeadm configure kubelet! verify complete'],
    [
      'control-plane',
      'preflight protect backup stage prepull kubeadm! drain! configure! kubelet! verify complete',
    ],
  ])('of a %s are all that may have work', (role, expected) => {
    expect(brief(possible({ role }))).toBe(expected);
  });

  it('hold containerd and cni if the release names them', () => {
    const map = (fields: Record<string, string>) =>
      policyOf({ imageMap: imageMap({ name: 'a', kubernetes: 'v1.34.3', ...fields }) });
    expect(brief(possible({ policy: map({}) }))).not.toMatch(/containerd|cni/);
    expect(brief(possible({ policy: map({ containerd: '2.1.4' }) }))).toContain(' containerd! kubeadm');
    expect(brief(possible({ policy: map({ cni: '1.8.0' }) }))).toContain(' cni kubeadm');
  });

  it('drain a control plane behind kubeadm whatever the release brings: the node knows whether that is too late', () => {
    const release = { name: 'a', kubernetes: 'v1.34.3', containerd: '2.1.4', cni: '1.8.0' };
    const steps = possible({ role: 'control-plane', policy: policyOf({ imageMap: imageMap(release) }) });
    expect(brief(steps)).toContain(' containerd! cni kubeadm! drain! configure! kubelet!');
  });

  it('say that the host decides', () => {
    const steps = possible({ role: 'control-plane' });
    for (const name of ['prepull', 'kubeadm', 'configure', 'kubelet']) {
      expect(reason(steps, name)).toBe('may have work: decided on the host');
    }
  });

  it('follow the drain policy', () => {
    expect(brief(possible({ policy: policyOf({ drain: 'never' }) }))).not.toMatch(/drain/);
  });
});
