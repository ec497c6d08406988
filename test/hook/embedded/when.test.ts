import { describe, expect, it } from '@jest/globals';
import { evaluateWhen, substitute } from '../../../src/hook/embedded/when.ts';

const scope = new Map([
  ['tasks.preflight.outputs.parameters.work', 'true'],
  ['workflow.parameters.drain', 'auto'],
]);

describe('substitute', () => {
  it('puts values in the place of references, whatever the blanks in them', () => {
    expect(
      substitute('{{workflow.parameters.drain}}/{{ tasks.preflight.outputs.parameters.work }}', scope),
    ).toBe('auto/true');
  });

  it('does not look into what it put there', () => {
    const nested = new Map([
      ['a', '{{b}}'],
      ['b', 'wrong'],
    ]);
    expect(substitute('{{a}}', nested)).toBe('{{b}}');
  });

  it('refuses a reference to nothing', () => {
    expect(() => substitute('{{tasks.stage.outputs.parameters.plan-sha256}}', scope)).toThrow(
      expect.objectContaining({
        reason: 'BadInput',
        message: expect.stringContaining('{{tasks.stage.outputs.parameters.plan-sha256}}'),
      }),
    );
  });
});

describe('evaluateWhen', () => {
  it.each([
    [undefined, true],
    ["'{{tasks.preflight.outputs.parameters.work}}' == 'true'", true],
    ["'{{tasks.preflight.outputs.parameters.work}}' != 'true'", false],
    ["'a' == 'a' && 'b' == 'c'", false],
    ["'a' == 'b' || 'c'=='c'", true],
    ["!('a' == 'b') && 'x y' == 'x y'", true],
    ["'' == ''", true],
  ])('%s is %s', (when, value) => {
    expect(evaluateWhen(when, scope)).toBe(value);
  });

  it.each([
    'true',
    "{{workflow.parameters.drain}} == 'auto'",
    "'a' == b",
    "'a'",
    "'a' == 'b' 'c'",
    "'a == 'b'",
  ])('refuses %s', (when) => {
    expect(() => evaluateWhen(when, scope)).toThrow(expect.objectContaining({ reason: 'BadInput' }));
  });
});
