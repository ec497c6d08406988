import { describe, expect, it } from '@jest/globals';
import { overridePolicy } from '../../src/api/policy-override.ts';
import { imageMap, policyOf } from '../helpers/requests.ts';

const cluster = { namespace: 'lab', name: 'edge-1' };
const base = policyOf({
  drain: 'always',
  workers: { concurrency: 3 },
  timeouts: { drain: 3600, kubeadm: 900 },
  claims: { infrastructure: { AMachine: ['/image'] } },
  imageMap: imageMap('v1.34.3'),
});
const override = (text: string) => overridePolicy(base, text, cluster);

describe('an override', () => {
  it('changes the keys that it sets, and no other', () => {
    const text = 'drain: never\ntimeouts: {drain: 60}\nclaims: {infrastructure: {BMachine: [/size]}}';
    expect(override(text)).toEqual({
      ...base,
      drain: 'never',
      timeouts: { ...base.timeouts, drain: 60 },
      claims: { ...base.claims, infrastructure: { AMachine: ['/image'], BMachine: ['/size'] } },
    });
  });

  it('replaces a list as a whole', () => {
    expect(override('claims: {files: [/etc/edge/]}').claims).toEqual({
      ...base.claims,
      files: ['/etc/edge/'],
    });
  });

  it('may be JSON, or nothing', () => {
    expect(override('{"keepBackups": 0}').keepBackups).toBe(0);
    expect(override('')).toEqual(base);
    expect(override('# nothing yet')).toEqual(base);
  });

  it('keeps a policy without an image map without one', () => {
    expect(overridePolicy(policyOf(), 'drain: never', cluster)).not.toHaveProperty('imageMap');
  });
});

describe('a bad override', () => {
  const where = 'Cluster lab/edge-1: annotation capi-refit.io/policy';
  it.each([
    [
      'names every bad key',
      'drain: no\nsurprise: 1',
      [`${where}.drain: got "no"`, `${where}.surprise: no such key`],
    ],
    ['cannot choose what runs as root', 'imageMap: {}', [`${where}.imageMap: no such key`]],
    ['is no YAML', 'drain: [', [`${where}: expected YAML`]],
    ['is no mapping', '- drain', [`${where}: expected a mapping of policy keys`]],
    ['is too long', `# ${'x'.repeat(16_384)}`, [`${where}: expected at most 16384 characters`]],
    ['takes no key back', 'drain: null', [`${where}.drain: got null, expected auto or always or never`]],
  ])('%s', (_what, text, messages) => {
    for (const message of messages) expect(() => override(text)).toThrow(message);
  });
});
