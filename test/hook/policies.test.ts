import { describe, expect, it } from '@jest/globals';
import { parsePolicy } from '../../src/api/policy.ts';
import { clusterPolicies } from '../../src/hook/policies.ts';

const view = (policyOverride?: string) => ({
  ...{ namespace: 'lab', name: 'edge', uid: 'u', labels: {} },
  ...(policyOverride === undefined ? {} : { policyOverride }),
});

describe('the policy of a Cluster', () => {
  it('is that of all without an override, or without a Cluster', () => {
    const base = parsePolicy({ drain: 'always' });
    const policyOf = clusterPolicies(() => base);
    expect(policyOf(view())).toBe(base);
    expect(policyOf(undefined)).toBe(base);
  });

  it('follows a change of what counts everywhere', () => {
    const state = { policy: parsePolicy({ drain: 'always' }) };
    const policyOf = clusterPolicies(() => state.policy);
    const cluster = view('keepBackups: 7');
    expect(policyOf(cluster)).toMatchObject({ drain: 'always', keepBackups: 7 });
    state.policy = parsePolicy({ drain: 'never', keepBackups: 1 });
    expect(policyOf(cluster)).toMatchObject({ drain: 'never', keepBackups: 7 });
  });

  it('is not read again while neither changes', () => {
    const base = parsePolicy({});
    const policyOf = clusterPolicies(() => base);
    const cluster = view('drain: never');
    expect(policyOf(cluster)).toBe(policyOf(cluster));
  });
});
