import { afterEach, describe, expect, it } from '@jest/globals';
import { desiredHash } from '../../../src/api/desired-hash.ts';
import { StatusError } from '../../../src/api/errors.ts';
import {
  OPERATION_ANNOTATION,
  PRE_DRAIN_HOOK_ANNOTATION,
  PROTECTED_SINCE_ANNOTATION,
  RETRY_ANNOTATION,
  SKIP_REMEDIATION_ANNOTATION,
  STRATEGY_IN_PLACE,
  STRATEGY_LABEL,
} from '../../../src/api/labels.ts';
import { hookSite, NAMESPACE, type HookSite } from '../../helpers/hook-site.ts';
import { recorded, updateMachine } from '../../helpers/requests.ts';

const CONTROL_PLANE = 'refit-cp-2f546';
const B = recorded('kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json');
/** Another desired state of the same Machine at the same version. */
const A = recorded('kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json', [
  '/desired/bootstrapConfig/spec/files/0/content',
  'vm.max_map_count = 1\n',
]);
const HASH_B = desiredHash(updateMachine(B));

const PROTECTED = {
  [SKIP_REMEDIATION_ANNOTATION]: expect.anything(),
  [PRE_DRAIN_HOOK_ANNOTATION]: expect.anything(),
};

let site: HookSite;
afterEach(() => site.close());

describe('an update', () => {
  it('becomes one Workflow, is followed, and is done when the Node shows the version', async () => {
    await open();
    const first = await site.update(B);
    expect(first).toMatchObject({ status: 'Success', retryAfterSeconds: expect.any(Number) });
    expect(first.retryAfterSeconds).toBeGreaterThan(0);
    await site.poll(B, /^step \d+\/\d+ kubeadm: running/);
    expect((await site.poll(B, 'done')).message).toBe('operation 1: done');
    expect(site.machine(CONTROL_PLANE).kubeletVersion).toBe('v1.34.3');
    expect(site.record(CONTROL_PLANE)).toMatchObject({
      number: 1,
      state: 'succeeded',
      from: 'v1.33.7',
      to: 'v1.34.3',
      hash: HASH_B,
    });
    await site.clock.advance(30);
    expect(site.events('InPlaceUpdateStarted')).toHaveLength(1);
    expect(site.events('InPlaceUpdateFinished')).toHaveLength(1);
  });

  it('that was done is answered done again, without new work', async () => {
    await open();
    await site.poll(B, 'done');
    expect(await site.update(B)).toMatchObject({ status: 'Success', retryAfterSeconds: 0 });
    expect(site.workflow(CONTROL_PLANE, 2)).toBeUndefined();
  });

  it('asked for many times at once is one operation', async () => {
    await open();
    const answers = await Promise.all(Array.from({ length: 100 }, () => site.update(B)));
    expect(
      answers.every(({ status, retryAfterSeconds }) => status === 'Success' && (retryAfterSeconds ?? 0) > 0),
    ).toBe(true);
    expect(site.record(CONTROL_PLANE).number).toBe(1);
    expect(site.workflow(CONTROL_PLANE, 1)).toBeDefined();
    expect(site.workflow(CONTROL_PLANE, 2)).toBeUndefined();
  });

  it('from A to B and back and again is four operations that each do their work', async () => {
    await open();
    for (const [index, body] of [A, B, A, B].entries()) {
      await site.poll(body, 'done');
      expect(site.record(CONTROL_PLANE)).toMatchObject({
        number: index + 1,
        state: 'succeeded',
        hash: desiredHash(updateMachine(body)),
      });
      await site.clock.advance(30);
      expect(site.workflow(CONTROL_PLANE, index + 1)?.phase).toBe('Succeeded');
    }
  });

  it('of a Machine whose name was used before meets no old Workflow', async () => {
    await open();
    await site.poll(B, 'done');
    const old = site.machine(CONTROL_PLANE).uid;
    addMachine();
    expect(site.machine(CONTROL_PLANE).uid).not.toBe(old);
    expect((await site.update(B)).retryAfterSeconds).toBeGreaterThan(0);
    await site.poll(B, 'done');
    expect(site.record(CONTROL_PLANE).number).toBe(1);
    expect(site.machine(CONTROL_PLANE).kubeletVersion).toBe('v1.34.3');
  });

  it('goes on as the same operation when the policy changes in the middle', async () => {
    await open();
    await site.poll(B, /kubeadm: running/);
    // With this policy the update could not even begin.
    site.setPolicy({ imageMap: {}, onUncovered: 'replace', drain: 'never' });
    await site.poll(B, 'done');
    expect(site.record(CONTROL_PLANE).number).toBe(1);
  });
});

describe('a failure', () => {
  it('is told as in progress with its reason, is not retried by itself, and is an Event', async () => {
    await open();
    site.store.failStep('kubelet', 'no space left');
    const told = await site.poll(B, /operation 1 failed/);
    expect(told).toMatchObject({
      status: 'Success',
      message: expect.stringContaining('step kubelet: no space left'),
    });
    await site.clock.advance(3600);
    expect((await site.update(B)).message).toBe(told.message);
    expect(site.record(CONTROL_PLANE)).toMatchObject({
      number: 1,
      state: 'failed',
      reason: 'step kubelet: no space left',
    });
    expect(site.events('InPlaceStepFailed')).toMatchObject([
      { message: 'step kubelet: no space left', type: 'Warning' },
      { message: 'step verify: not begun: step kubelet failed on the node', type: 'Warning' },
    ]);
    expect(site.events('InPlaceUpdateFailed')).toHaveLength(1);
  });

  it('is tried again when a person asks by annotation, once', async () => {
    await open();
    site.store.failStep('kubelet', 'no space left', 2);
    await site.poll(B, /operation 1 failed/);
    await site.store.annotateMachine(site.machine(CONTROL_PLANE), { [RETRY_ANNOTATION]: '' });
    await site.poll(B, /operation 2 failed/);
    expect(site.machine(CONTROL_PLANE).annotations).not.toHaveProperty([RETRY_ANNOTATION]);
    await site.store.annotateMachine(site.machine(CONTROL_PLANE), { [RETRY_ANNOTATION]: 'please' });
    await site.poll(B, 'done');
    expect(site.record(CONTROL_PLANE).number).toBe(3);
  });

  it('ends when the desired state changes', async () => {
    await open();
    site.store.failStep('kubelet', 'no space left');
    await site.poll(B, /operation 1 failed/);
    await site.poll(A, 'done');
    expect(site.record(CONTROL_PLANE).number).toBe(2);
  });

  it('is recorded even if nobody polls', async () => {
    await open();
    site.store.failStep('backup', 'no space left');
    await site.update(B);
    await site.clock.advance(600);
    expect(site.record(CONTROL_PLANE)).toMatchObject({
      state: 'failed',
      reason: 'step backup: no space left',
    });
  });
});

describe('in the middle of an operation', () => {
  it('another desired state stops it at a safe boundary and then begins', async () => {
    await open();
    await site.poll(B, /kubeadm: running/);
    await site.poll(A, /operation 1 is ending: the desired state changed/);
    expect(site.workflow(CONTROL_PLANE, 2)).toBeUndefined();
    await site.poll(A, 'done');
    expect(site.workflow(CONTROL_PLANE, 1)?.stopping).toBe(true);
    expect(site.record(CONTROL_PLANE)).toMatchObject({
      number: 2,
      state: 'succeeded',
      hash: desiredHash(updateMachine(A)),
    });
    expect(site.events('InPlaceUpdateCancelled')).toHaveLength(1);
  });

  it('deletion of the Machine stops it, lets the Machine go once it has ended, and starts nothing', async () => {
    await open();
    await site.poll(B, /kubeadm: running/);
    expect(site.machine(CONTROL_PLANE).annotations).toMatchObject(PROTECTED);
    site.store.deleteMachine(NAMESPACE, CONTROL_PLANE);
    await site.clock.settle();
    expect(site.workflow(CONTROL_PLANE, 1)?.stopping).toBe(true);
    expect(site.machine(CONTROL_PLANE).annotations).toMatchObject(PROTECTED);
    await site.clock.advance(60);
    expect(site.record(CONTROL_PLANE)).toMatchObject({ number: 1, state: 'cancelled' });
    expectUnprotected();
    expect(site.events('InPlaceProtectionEnded')).toHaveLength(1);
    expect(await site.update(B)).toMatchObject({
      status: 'Success',
      message: expect.stringContaining('being deleted'),
    });
    expect(site.workflow(CONTROL_PLANE, 2)).toBeUndefined();
  });

  it('deletion of the Machine is not held back by a node that does not end', async () => {
    await open({ stepSeconds: 300 });
    await site.poll(B, /(drain|kubeadm): running/);
    site.store.deleteMachine(NAMESPACE, CONTROL_PLANE);
    await site.clock.advance(100);
    expect(site.machine(CONTROL_PLANE).annotations).toMatchObject(PROTECTED);
    await site.clock.advance(60);
    expect(site.record(CONTROL_PLANE).state).toBe('stopping');
    expectUnprotected();
  });

  it('deletion of a Machine whose operation has ended is not held back', async () => {
    await open();
    site.store.failStep('kubelet', 'no space left');
    await site.poll(B, /operation 1 failed/);
    expect(site.machine(CONTROL_PLANE).annotations).toMatchObject(PROTECTED);
    site.store.deleteMachine(NAMESPACE, CONTROL_PLANE);
    await site.clock.settle();
    expectUnprotected();
  });

  it('deletion of the Workflow by hand is a failure that says so', async () => {
    await open();
    await site.poll(B, /running.*backup/);
    const name = site.workflow(CONTROL_PLANE, 1)?.name ?? '';
    site.store.removeWorkflow(NAMESPACE, name);
    await site.poll(B, /operation 1 failed: its Workflow was deleted/);
    await site.store.annotateMachine(site.machine(CONTROL_PLANE), { [RETRY_ANNOTATION]: '' });
    await site.poll(B, 'done');
  });

  it('opting out does not leave it half done, but nothing new begins', async () => {
    await open();
    await site.poll(B, /kubeadm: running/);
    site.store.addCluster({ namespace: NAMESPACE, name: 'refit', labels: {} });
    expect((await site.update(B)).status).toBe('Success');
    await site.clock.advance(600);
    expect(site.record(CONTROL_PLANE).state).toBe('succeeded');
    expect(await site.update(B)).toMatchObject({ status: 'Success', retryAfterSeconds: 0 });
    await expect(site.update(A)).rejects.toThrow(/capi-refit.io\/strategy/);
  });
});

describe('protection', () => {
  it('ends by itself when the operation takes longer than the policy allows', async () => {
    await open({ policy: { protectSeconds: 60 } });
    site.store.failStep('kubelet', 'no space left');
    await site.poll(B, /operation 1 failed/);
    await site.clock.advance(120);
    expect(site.machine(CONTROL_PLANE).annotations).not.toHaveProperty([SKIP_REMEDIATION_ANNOTATION]);
    expect(site.events('InPlaceProtectionEnded')).toMatchObject([{ type: 'Warning' }]);
  });

  it('that is not ours is left alone', async () => {
    await open();
    await site.store.annotateMachine(site.machine(CONTROL_PLANE), {
      [SKIP_REMEDIATION_ANNOTATION]: 'by hand',
    });
    site.store.deleteMachine(NAMESPACE, CONTROL_PLANE);
    await site.clock.advance(60);
    expect(site.machine(CONTROL_PLANE).annotations[SKIP_REMEDIATION_ANNOTATION]).toBe('by hand');
  });
});

describe('a passing trouble', () => {
  it('of the API server is told as in progress and does not start twice', async () => {
    let failures = 2;
    site = hookSite({
      store: (store) => ({
        ...store,
        createWorkflow: async (workflow) => {
          if ((failures -= 1) >= 0) throw new StatusError('API server: 503', { reason: 'Unavailable' });
          return store.createWorkflow(workflow);
        },
      }),
    });
    await site.store.start();
    addMachine();
    expect(await site.update(B)).toMatchObject({
      status: 'Success',
      message: expect.stringContaining('cannot go on now: API server: 503'),
    });
    await site.poll(B, 'done');
    expect(site.record(CONTROL_PLANE).number).toBe(1);
  });

  it('of a Workflow that is refused for good is a failure with its reason', async () => {
    site = hookSite({
      store: (store) => ({
        ...store,
        createWorkflow: async () => {
          throw new StatusError('spec.templates: too long', { reason: 'BadInput' });
        },
      }),
    });
    await site.store.start();
    addMachine();
    await site.poll(B, /operation 1 failed: its Workflow was refused: spec\.templates: too long/);
  });
});

describe('a record that nobody can read', () => {
  it('is told, and neither overwritten nor taken for done', async () => {
    await open();
    await site.store.annotateMachine(site.machine(CONTROL_PLANE), { [OPERATION_ANNOTATION]: '{}' });
    expect(await site.update(B)).toMatchObject({
      status: 'Success',
      message: expect.stringContaining('unreadable'),
    });
    expect((await site.update(B)).retryAfterSeconds).toBeGreaterThan(0);
    expect(site.machine(CONTROL_PLANE).annotations[OPERATION_ANNOTATION]).toBe('{}');
  });
});

async function open(options: Parameters<typeof hookSite>[0] = {}): Promise<void> {
  site = hookSite({ labels: { [STRATEGY_LABEL]: STRATEGY_IN_PLACE }, ...options });
  await site.store.start();
  addMachine();
}

function addMachine(): void {
  const names = { namespace: NAMESPACE, name: CONTROL_PLANE, cluster: 'refit' };
  site.store.addMachine({ ...names, role: 'control-plane', version: 'v1.33.7' });
}

function expectUnprotected(): void {
  for (const key of [...Object.keys(PROTECTED), PROTECTED_SINCE_ANNOTATION]) {
    expect(site.machine(CONTROL_PLANE).annotations).not.toHaveProperty([key]);
  }
}
