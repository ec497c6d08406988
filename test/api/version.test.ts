import { describe, expect, it } from '@jest/globals';
import { isAboveApiServer, parseVersion, versionRefusal } from '../../src/api/version.ts';

describe('parseVersion', () => {
  it.each(['v1.34.3', 'v1.35.0-rc.1', 'v1.34.3+rke2r1', 'v1.34.3-eks-1234'])('takes %s', (version) => {
    expect(parseVersion(version, 'f').minor).toBeGreaterThan(0);
  });

  it.each([
    ['1.34.3'],
    ['v1.34'],
    ['v1'],
    [''],
    ['v'],
    ['latest'],
    ['vv1.34.3'],
    ['v1.34.3 '],
    [null],
    [1.34],
    [{}],
  ])('refuses %j, naming the field', (version) => {
    expect(() => parseVersion(version, 'spec.version')).toThrow(
      /^spec\.version: got .*, expected a version like v1\.34\.3$/,
    );
  });
});

it.each<[string, string, string | undefined]>([
  ['v1.33.7', 'v1.33.7', undefined],
  ['v1.33.7', 'v1.33.8', undefined],
  ['v1.33.7', 'v1.34.0', undefined],
  ['v1.34.0-rc.1', 'v1.34.0', undefined],
  ['v1.33.8', 'v1.33.7', 'downgrade'],
  ['v1.34.0', 'v1.33.9', 'downgrade'],
  ['v1.34.0', 'v1.34.0-rc.1', 'downgrade'],
  ['v1.33.7', 'v1.35.0', 'skips a minor version'],
  ['v1.34.0', 'v2.0.0', 'another major version'],
])('%s -> %s: %s', (from, to, refusal) => {
  const text = versionRefusal(from, to, 'f');
  if (refusal === undefined) expect(text).toBeUndefined();
  else expect(text).toContain(refusal);
});

it.each<[string, string, boolean]>([
  ['v1.34.9', 'v1.34.0', false],
  ['v1.33.0', 'v1.34.0', false],
  ['v1.35.0', 'v1.34.9', true],
  ['v2.0.0', 'v1.34.0', true],
])('kubelet %s above API server %s: %s', (kubelet, server, expected) => {
  expect(isAboveApiServer(kubelet, server)).toBe(expected);
});
