import { describe, expect, it } from '@jest/globals';
import { chooseRelease } from '../../../src/steps/launcher/choose-release.ts';

const digest = (letter: string): string => `registry.example.com/u@sha256:${letter.repeat(64)}`;
const MAP = `
r34-9: {kubernetes: v1.34.3, image: "${digest('1')}"}
r34-10: {kubernetes: v1.34.3, containerd: 2.1.4, image: "${digest('2')}"}
r33: {kubernetes: v1.33.7, image: "${digest('3')}"}
`;
const choose = (release: string, kubernetes: string, command: 'stage' | 'finish' = 'stage') =>
  chooseRelease(MAP, { release }, kubernetes, command);

describe('chooseRelease', () => {
  it.each([
    ['the last by name of its version', '', 'v1.34.3', 'r34-10'],
    ['the one that is named', 'r34-9', 'v1.34.3', 'r34-9'],
  ])('takes %s', (_name, release, kubernetes, expected) => {
    expect(choose(release, kubernetes).name).toBe(expected);
  });

  it('gives its image by digest', () => {
    expect(choose('', 'v1.33.7').image).toBe(digest('3'));
  });

  it.each([
    [
      'of another version',
      'r33',
      'v1.34.3',
      '--release: got "r33", expected a release of Kubernetes v1.34.3',
    ],
    ['that is unknown', 'r99', 'v1.34.3', '(r34-9, r34-10)'],
    ['of a version without one', '', 'v1.35.0', '--kubernetes-version: got "v1.35.0"'],
  ])('refuses a release %s', (_name, release, kubernetes, message) => {
    expect(() => choose(release, kubernetes)).toThrow(message);
  });

  it('lets finish work with any image: it brings only the program', () => {
    expect(choose('r99', 'v1.35.0', 'finish').name).toBe('r33');
  });

  it.each([
    ['is no YAML', '{', 'image map: expected YAML'],
    [
      'has an image by tag',
      'r: {kubernetes: v1.34.3, image: x:latest}',
      'policy.imageMap.r.image: got "x:latest", expected an image by digest',
    ],
    ['is empty', '', 'one in the image map (none)'],
  ])('refuses a map that %s', (_name, map, message) => {
    expect(() => chooseRelease(map, { release: '' }, 'v1.34.3', 'stage')).toThrow(message);
  });
});
