import { describe, expect, it } from '@jest/globals';
import type { DrainNeed } from '../../../src/api/host-plan.ts';
import { decideDrain, type DrainFacts } from '../../../src/steps/api/drain-decision.ts';

const WORK: DrainFacts = {
  policy: 'auto',
  hostHasWork: true,
  hostWantsDrain: 'true',
  leftCordonedBy: undefined,
  hasElsewhere: true,
};
const LEFT = { leftCordonedBy: 'op-2' };
const ALONE = { hasElsewhere: false };

describe('the node is', () => {
  it.each<[string, Partial<DrainFacts>, { work: boolean; drain: DrainNeed }]>([
    ['drained when its work disturbs it', {}, { work: true, drain: 'true' }],
    ['not drained when its work does not', { hostWantsDrain: 'false' }, { work: true, drain: 'false' }],
    [
      'drained for any work when the policy says always',
      { hostWantsDrain: 'false', policy: 'always' },
      { work: true, drain: 'true' },
    ],
    [
      'left alone without work',
      { hostHasWork: false, hostWantsDrain: 'false' },
      { work: false, drain: 'false' },
    ],
    [
      'left alone without work whatever the policy',
      { hostHasWork: false, policy: 'always' },
      { work: false, drain: 'false' },
    ],
    [
      'drained unless it is flipped',
      { hostWantsDrain: 'unless-flipped' },
      { work: true, drain: 'unless-flipped' },
    ],
    [
      'drained flipped or not, when always',
      { hostWantsDrain: 'unless-flipped', policy: 'always' },
      { work: true, drain: 'true' },
    ],
    ['not drained when the policy says never', { policy: 'never' }, { work: true, drain: 'false' }],
    ['not drained when pods have nowhere to go', ALONE, { work: true, drain: 'false' }],
    ['not drained alone even if always', { ...ALONE, policy: 'always' }, { work: true, drain: 'false' }],
    [
      'left alone when there is nothing but a cordon of ours: verify takes it away',
      { ...LEFT, hostHasWork: false, hostWantsDrain: 'false' },
      { work: false, drain: 'false' },
    ],
    ['drained again when left cordoned with work', LEFT, { work: true, drain: 'true' }],
    ['not drained by policy, cordoned or not', { ...LEFT, policy: 'never' }, { work: true, drain: 'false' }],
  ])('%s', (_, facts, decided) => {
    expect(decideDrain({ ...WORK, ...facts })).toMatchObject(decided);
  });
});

describe('people are told', () => {
  it.each<[string, Partial<DrainFacts>, string]>([
    ['that there is work', {}, 'there is work'],
    ['that there is none', { hostHasWork: false }, 'nothing to do on the node'],
    ['that pods stay on the only node', ALONE, 'no other node can take its pods: they stay'],
    ['that pods stay by policy', { policy: 'never' }, 'the policy says never: pods stay'],
    ['who left the cordon', LEFT, 'left cordoned by op-2'],
  ])('%s', (_, facts, note) => {
    expect(decideDrain({ ...WORK, ...facts }).notes.join('; ')).toContain(note);
  });

  it('nothing about a drain that nobody wanted', () => {
    expect(decideDrain({ ...WORK, ...ALONE, hostWantsDrain: 'false' }).notes).toEqual(['there is work']);
  });
});
