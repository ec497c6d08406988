import { expect, it } from '@jest/globals';
import { missingRelease, releaseOf } from '../../src/plan/release.ts';
import { imageMap, policyOf } from '../helpers/requests.ts';

const policy = policyOf({
  imageMap: imageMap(
    { name: 'r1.34.3-10', kubernetes: 'v1.34.3' },
    { name: 'r1.34.3-9', kubernetes: 'v1.34.3' },
    'v1.33.7',
  ),
});

it('the last release of a version is taken, numbers in names compared as numbers', () => {
  expect(releaseOf(policy, 'v1.34.3')?.name).toBe('r1.34.3-10');
});

it('a version that no release holds is missing, and the error names those that there are', () => {
  expect(releaseOf(policy, 'v1.35.1')).toBeUndefined();
  expect(missingRelease(policy, 'v1.35.1')).toMatchObject({
    reason: 'BadInput',
    message: 'imageMap: got no release for Kubernetes v1.35.1, expected one of v1.34.3, v1.33.7',
  });
  expect(missingRelease(policy, 'v1.34.3')).toBeUndefined();
});

it('an error names at most ten versions', () => {
  const many = policyOf({
    imageMap: imageMap(...Array.from({ length: 12 }, (_, patch) => `v1.34.${patch}`)),
  });
  expect(missingRelease(many, 'v1.35.1')?.message).toMatch(/one of v1\.34\.11, .*, v1\.34\.2 and 2 more$/);
});

it('an empty image map is said to be empty', () => {
  expect(missingRelease(policyOf({ imageMap: {} }), 'v1.35.1')?.message).toContain('the image map is empty');
});

it('without an image map no version is missing', () => {
  expect(releaseOf(policyOf(), 'v1.35.1')).toBeUndefined();
  expect(missingRelease(policyOf(), 'v1.35.1')).toBeUndefined();
});
