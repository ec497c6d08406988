import { describe, expect, it } from '@jest/globals';
import {
  PRE_DRAIN_HOOK_ANNOTATION,
  PROTECTED_SINCE_ANNOTATION,
  SKIP_REMEDIATION_ANNOTATION,
} from '../../src/api/labels.ts';
import { noProtection, protection } from '../../src/api/protection.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

describe('protection', () => {
  it('is taken away as it was set', () => {
    const held = protection({}, NOW);
    expect(Object.keys(held).sort()).toEqual(
      [PRE_DRAIN_HOOK_ANNOTATION, PROTECTED_SINCE_ANNOTATION, SKIP_REMEDIATION_ANNOTATION].sort(),
    );
    expect(Object.keys(noProtection({ ...held, other: 'stays' })).sort()).toEqual(Object.keys(held).sort());
  });

  it('leaves what a person had set before', () => {
    const byHand = { [SKIP_REMEDIATION_ANNOTATION]: '' };
    const held = { ...byHand, ...protection(byHand, NOW) };
    expect(held[SKIP_REMEDIATION_ANNOTATION]).toBe('');
    expect(noProtection(held)).not.toHaveProperty([SKIP_REMEDIATION_ANNOTATION]);
  });

  it('counts anew when it is set again', () => {
    const later = new Date('2026-01-02T00:00:00Z');
    expect(protection(protection({}, NOW), later)).toEqual({
      [PROTECTED_SINCE_ANNOTATION]: later.toISOString(),
    });
  });

  it('that is not there needs no write', () => {
    expect(noProtection({ [SKIP_REMEDIATION_ANNOTATION]: 'mine' })).toEqual({});
  });
});
