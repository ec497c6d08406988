import { describe, expect, it } from '@jest/globals';
import { isRenderedAtBoot } from '../../src/api/cloud-init.ts';

describe('isRenderedAtBoot', () => {
  it.each([
    ['a variable', 'id: {{ ds.meta_data.uuid }}', undefined, true],
    ['a statement', '{% if x %}', undefined, true],
    ['plain text', 'a: {b: c}', undefined, false],
    ['Ignition, which renders nothing', '{{ x }}', 'ignition', false],
  ])('%s', (_name, content, format, expected) => {
    expect(isRenderedAtBoot(content, format)).toBe(expected);
  });
});
