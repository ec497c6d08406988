import { describe, expect, it } from '@jest/globals';
import { parsePolicy, releasesOf } from '../../src/api/policy.ts';
import { STEPS } from '../../src/api/steps.ts';
import { imageMap, policyOf } from '../helpers/requests.ts';

describe('the default policy', () => {
  it.each([[undefined], [null], [{}]])('is what %j gives', (value) => {
    expect(parsePolicy(value)).toMatchObject({
      onUncovered: 'block',
      drain: 'auto',
      claims: {
        files: [
          '/etc/kubernetes/',
          '/etc/sysctl.d/',
          '/etc/systemd/system/kubelet.service.d/',
          '/etc/containerd/',
        ],
        infrastructure: {},
      },
      controlPlane: { method: 'auto' },
      workers: { concurrency: 1 },
      settleSeconds: 3,
    });
    expect(parsePolicy(value)).not.toHaveProperty('imageMap');
  });

  it('has the timeout of every step from the step table', () => {
    expect(parsePolicy({}).timeouts).toEqual(
      Object.fromEntries(STEPS.map(({ name, timeoutSeconds }) => [name, timeoutSeconds])),
    );
  });
});

describe('a bad policy', () => {
  it('is refused with every bad key at once', () => {
    const bad = {
      onUncovered: 'ignore',
      claims: { files: ['etc/'], infrastructure: { A: ['image'], B: 3 } },
      workers: null,
      drainForce: 'yes',
      controlPlane: { method: 'fast', other: 1 },
      keepBackups: 1.5,
      settleSeconds: 90,
      timeouts: { kubeadm: 0, unknown: 1 },
      imageMap: { 'Bad Name': {}, good: { kubernetes: '1.34', image: 'refit:latest' } },
      surprise: true,
      other: 1,
    };
    const parse = () => parsePolicy(bad, 'refit-policy');
    for (const key of [
      'refit-policy.onUncovered: got "ignore", expected block or replace',
      'refit-policy.claims.files.0: got "etc/", expected an absolute path',
      'refit-policy.claims.infrastructure.A.0: got "image", expected a JSON pointer',
      'refit-policy.claims.infrastructure.B: got 3, expected a list',
      'refit-policy.timeouts.kubeadm: got 0, expected at least 1',
      'refit-policy.timeouts.unknown: no such key',
      'refit-policy.workers: got null, expected a mapping',
      'refit-policy.drainForce: got "yes", expected true or false',
      'refit-policy.controlPlane.method: got "fast", expected auto or flip or kubeadm',
      'refit-policy.controlPlane.other: no such key',
      'refit-policy.keepBackups: got 1.5, expected a whole number',
      'refit-policy.settleSeconds: got 90, expected at most 60',
      'refit-policy.imageMap.Bad Name: got "Bad Name", expected a release name',
      'refit-policy.imageMap.good.kubernetes: got "1.34", expected a version',
      'refit-policy.imageMap.good.image: got "refit:latest", expected an image by digest',
      'refit-policy.surprise: no such key',
      'refit-policy.other: no such key',
    ]) {
      expect(parse).toThrow(key);
    }
  });

  it.each([['text'], [1], [[]]])('%j is refused', (value) => {
    expect(() => parsePolicy(value)).toThrow('policy');
  });
});

describe('releasesOf', () => {
  const release = (name: string) => ({ name, kubernetes: 'v1.34.3' });
  const policy = policyOf({
    imageMap: imageMap(release('r-10'), 'v1.33.7', release('r-9')),
  });

  it('gives the releases of one version by name, numbers compared as numbers', () => {
    expect(releasesOf(policy, 'v1.34.3')?.map(({ name }) => name)).toEqual(['r-9', 'r-10']);
  });

  it('tells an empty list from no image map', () => {
    expect(releasesOf(policy, 'v1.35.1')).toEqual([]);
    expect(releasesOf(policyOf(), 'v1.35.1')).toBeUndefined();
  });
});
