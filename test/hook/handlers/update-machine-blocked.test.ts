import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { BLOCKED_ANNOTATION, RETRY_ANNOTATION } from '../../../src/api/labels.ts';
import { hookSite, NAMESPACE, type HookSite } from '../../helpers/hook-site.ts';
import { recorded } from '../../helpers/requests.ts';

const MACHINE = 'refit-cp-2f546';
const REQUEST = recorded('kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json');

let site: HookSite;
let rollback: string | undefined;
beforeEach(async () => {
  rollback = undefined;
  site = hookSite({ store: (inner) => ({ ...inner, openRollback: async () => rollback }) });
  await site.store.start();
  const names = { namespace: NAMESPACE, name: MACHINE, cluster: 'refit' };
  site.store.addMachine({ ...names, role: 'control-plane', version: 'v1.33.7' });
});
afterEach(() => site.close());

it('a blocked Machine gets no Workflow until a retry, which takes both annotations away', async () => {
  await site.store.annotateMachine(site.machine(MACHINE), { [BLOCKED_ANNOTATION]: 'not before Monday' });
  const answer = await site.update(REQUEST);
  expect(answer).toMatchObject({
    status: 'Success',
    message: expect.stringContaining('blocked: not before Monday'),
  });
  expect(answer.retryAfterSeconds).toBeGreaterThan(0);
  await site.clock.advance(600);
  expect(site.workflow(MACHINE, 1)).toBeUndefined();

  await site.store.annotateMachine(site.machine(MACHINE), { [RETRY_ANNOTATION]: '' });
  await site.update(REQUEST);
  const { annotations } = site.machine(MACHINE);
  expect(annotations).not.toHaveProperty([BLOCKED_ANNOTATION]);
  expect(annotations).not.toHaveProperty([RETRY_ANNOTATION]);
  await site.poll(REQUEST, 'done');
});

it('nothing is started while the node is put back, also when a retry was asked for', async () => {
  const marks = { [BLOCKED_ANNOTATION]: 'operation 1 is being rolled back', [RETRY_ANNOTATION]: '' };
  await site.store.annotateMachine(site.machine(MACHINE), marks);
  rollback = 'refit-cp-rollback-1';
  expect(await site.update(REQUEST)).toMatchObject({
    message: 'cannot go on now: Workflow refit-cp-rollback-1 puts its node back: wait until that has ended',
    retryAfterSeconds: 5,
  });
  expect(site.workflow(MACHINE, 1)).toBeUndefined();
  rollback = undefined;
  await site.poll(REQUEST, 'done');
});
