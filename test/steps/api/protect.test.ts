import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  PRE_DRAIN_HOOK_ANNOTATION,
  PROTECTED_SINCE_ANNOTATION,
  SKIP_REMEDIATION_ANNOTATION,
} from '../../../src/api/labels.ts';
import { protect } from '../../../src/steps/api/protect.ts';
import { machineObject, put } from './samples.ts';
import { apiSite, MACHINES, type ApiSite } from './site.ts';

const PLACE = { collection: MACHINES, namespace: 'lab', name: 'md-0' };

let on: ApiSite;
beforeEach(async () => {
  on = await apiSite();
});
afterEach(() => on.end());

describe('protect', () => {
  it('holds back remediation and deletion, again and again', async () => {
    put(on.management, MACHINES, machineObject({ annotations: { mine: 'kept' } }));
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(on.run(protect)).resolves.toMatchObject({
        message: 'remediation and deletion are held back',
      });
      expect(on.machine()).toHaveProperty(['metadata', 'annotations'], {
        mine: 'kept',
        [SKIP_REMEDIATION_ANNOTATION]: 'capi-refit.io',
        [PRE_DRAIN_HOOK_ANNOTATION]: 'capi-refit.io',
        [PROTECTED_SINCE_ANNOTATION]: '2026-01-01T00:00:00.000Z',
      });
    }
  });

  it("keeps a person's own value", async () => {
    put(on.management, MACHINES, machineObject({ annotations: { [SKIP_REMEDIATION_ANNOTATION]: 'mine' } }));
    await on.run(protect);
    expect(on.machine()).toHaveProperty(['metadata', 'annotations', SKIP_REMEDIATION_ANNOTATION], 'mine');
  });

  it('does not undo what somebody else writes at the same time', async () => {
    put(on.management, MACHINES, machineObject());
    on.management.failNext(1, 409, 'patch');
    await on.run(protect);
    expect(on.management.count('patch')).toBe(2);
    for (const { verb, body } of on.management.requests) {
      if (verb === 'patch')
        expect(body).toHaveProperty('metadata.resourceVersion', expect.stringMatching(/^\d+$/));
    }
  });

  it('leaves it to a later try when others are always first', async () => {
    put(on.management, MACHINES, machineObject());
    on.management.failNext(100, 409, 'patch');
    await expect(on.run(protect)).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('does not hold a Machine that is being deleted', async () => {
    put(on.management, MACHINES, machineObject());
    on.management.data.patch(PLACE, { metadata: { finalizers: ['x'] } });
    on.management.data.delete(PLACE);
    await expect(on.run(protect)).rejects.toMatchObject({
      reason: 'Failed',
      message: 'Machine lab/md-0: is being deleted',
    });
    expect(on.management.count('patch')).toBe(0);
  });

  it('does not touch another Machine of the same name', async () => {
    put(on.management, MACHINES, machineObject());
    const replaced = on.run(async (context) => {
      on.management.data.patch(PLACE, { metadata: { uid: 'another' } });
      return protect(context);
    });
    await expect(replaced).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringContaining('uid: got another, expected 1111'),
    });
    expect(on.management.count('patch')).toBe(0);
  });
});
