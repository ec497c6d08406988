import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { blockedBy, selects } from '../../../src/steps/api/disruption-budgets.ts';
import { budgetObject, podObject } from './samples.ts';

const LABELS = { app: 'web', tier: 'front' };

describe('a label selector', () => {
  it.each<[string, JsonObject | null | undefined, boolean]>([
    ['absent takes nothing', undefined, false],
    ['null takes nothing', null, false],
    ['empty takes all', {}, true],
    ['takes by label', { matchLabels: { app: 'web' } }, true],
    ['wants all labels', { matchLabels: { app: 'web', tier: 'back' } }, false],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web'] }] }, true],
    ['In another', { matchExpressions: [{ key: 'app', operator: 'In', values: ['api'] }] }, false],
    ['In of an absent label', { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false],
    ['NotIn', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['api'] }] }, true],
    [
      'NotIn of an absent label',
      { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] },
      true,
    ],
    ['NotIn its value', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    ['Exists', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
    ['Exists of an absent label', { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
    ['DoesNotExist', { matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, true],
    ['DoesNotExist of a label', { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
    [
      'an operator that is not known takes nothing',
      { matchExpressions: [{ key: 'app', operator: 'Gt' }] },
      false,
    ],
    [
      'labels and expressions must both hold',
      { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['back'] }] },
      false,
    ],
  ])('%s', (_, selector, taken) => {
    expect(selects(selector, LABELS)).toBe(taken);
  });
});

describe('the reason why a pod stays', () => {
  const pod = podObject({ name: 'web-1', labels: { app: 'web' } });

  it('names the budget and its numbers', () => {
    const budgets = [
      budgetObject({ name: 'api', app: 'api', allowed: 0 }),
      budgetObject({ name: 'web', app: 'web', allowed: 0 }),
    ];
    expect(blockedBy(pod, budgets)).toBe(
      'PodDisruptionBudget shop/web: 0 disruptions allowed, 2 pods healthy, 2 needed',
    );
  });

  it('says what was not counted yet', () => {
    const { metadata, spec } = budgetObject({ name: 'web', app: 'web', allowed: 0 });
    expect(blockedBy(pod, [{ metadata: metadata ?? null, spec: spec ?? null }])).toContain(
      '"unknown" disruptions allowed',
    );
  });

  it('names all budgets when they are too many', () => {
    const budgets = ['web', 'front'].map((name) => budgetObject({ name, app: 'web', allowed: 1 }));
    expect(blockedBy(pod, budgets)).toMatch(/^more than one PodDisruptionBudget .*: shop\/web, shop\/front$/);
  });

  it('is none of the budgets when none covers it', () => {
    expect(blockedBy(pod, [budgetObject({ name: 'api', app: 'api', allowed: 0 })])).toBeUndefined();
  });
});
