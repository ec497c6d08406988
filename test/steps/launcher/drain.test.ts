import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { StatusError, type Reason } from '../../../src/api/errors.ts';
import { hostPlanDigest, waitingAsNeeded } from '../../../src/api/host-plan.ts';
import { INPUT_KEY } from '../../../src/api/install.ts';
import { boundedName } from '../../../src/api/names.ts';
import { nodeInputSchema, type NodeInput } from '../../../src/api/node-input.ts';
import { FLIP_CHANGE } from '../../../src/api/step-result.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import type { StepFlags } from '../../../src/steps/api/api-step.ts';
import type { StepEnd } from '../../../src/steps/launcher/run-step.ts';
import { OPERATION, sampleFlags, sampleReport } from './samples.ts';
import { stepSite, type StepSite } from './step-site.ts';

const LATE: StepFlags['steps'] = [
  { name: 'kubeadm', timeoutSeconds: 1800 },
  { name: 'kubelet', timeoutSeconds: 600, waitSeconds: 2400 },
];
const EARLY: StepFlags['steps'] = [{ name: 'kubeadm', timeoutSeconds: 1800, waitSeconds: 2400 }];

let site: StepSite;
/** What happened, in order. */
let events: string[];
let refuse: (() => StatusError) | undefined;
beforeEach(async () => {
  site = await stepSite();
  events = [];
  refuse = undefined;
  site.withApi('drain', {
    after: async () => {
      if (refuse) throw refuse();
      events.push('pods moved');
      return { message: 'cordoned; 2 pods moved away', changes: [{ what: 'unschedulable', to: 'true' }] };
    },
  });
});
afterEach(() => site.close());

/** Flags as they are when `stage` has left the plan. */
async function staged(steps: StepFlags['steps'], more: Partial<StepFlags> = {}): Promise<StepFlags> {
  const flags = sampleFlags({ steps, ...more });
  await site.played('stage', flags, sampleReport({ step: 'stage' }));
  return { ...flags, planSha256: hostPlanDigest(site.inputSent().plan) };
}

const jobOf = (step: string): string => boundedName(OPERATION, `-${step}`);
const isLaunched = (step: string): boolean => site.jobs.job(jobOf(step)) !== undefined;

/** The next Job of the step runs, and ends like this. Gives what it was told. */
async function plays(
  flags: StepFlags,
  step: 'kubeadm' | 'drain',
  report = sampleReport({ step }),
): Promise<NodeInput> {
  const pod = await site.startPod(step, flags);
  const content = text(site.jobs.secret(jobOf(step)), 'data', INPUT_KEY) ?? '';
  events.push(step);
  site.jobs.end(pod, report.result.outcome === 'failed' ? 1 : 0, report);
  await site.pass(20);
  return nodeInputSchema.parse(JSON.parse(Buffer.from(content, 'base64').toString()));
}

const run = (flags: StepFlags): Promise<StepEnd> => site.run('drain', flags);

describe('drain of a node that was handed its list', () => {
  it('moves its pods away, then lets it go on', async () => {
    const flags = await staged(EARLY);
    const ended = run(flags);
    const told = await plays(flags, 'drain', sampleReport({ step: 'drain', message: 'the node goes on' }));
    expect(told).toMatchObject({ step: 'drain', drained: true, planSha256: flags.planSha256 });
    expect(events).toEqual(['pods moved', 'drain']);
    expect(await ended).toMatchObject({
      code: EXIT.done,
      result: {
        step: 'drain',
        outcome: 'changed',
        message: 'cordoned; 2 pods moved away; the node goes on',
        changes: [{ what: 'unschedulable', to: 'true' }],
      },
    });
    expect(site.holder()).toBe(OPERATION);
  });

  it('lets the node get as far as it may undrained: attached to the Job of that step', async () => {
    const flags = await staged(LATE);
    const ended = run(flags);
    await site.pass(170);
    const told = await plays(flags, 'kubeadm');
    expect(told).toMatchObject({ step: 'kubeadm', timeoutSeconds: 1800 });
    await plays(flags, 'drain');
    expect(events).toEqual(['kubeadm', 'pods moved', 'drain']);
    expect((await ended).code).toBe(EXIT.done);
    expect((await ended).result.durationSeconds).toBeLessThan(60);
  });

  it('does not wait for a steady API server before it moves pods, only where its own pod ends', async () => {
    site.tools.isSelfHosted = async () => true;
    let [reachedAt, movedAt, endedAt] = [0, 0, 0];
    site.withApi('drain', {
      after: async () => {
        movedAt = site.clock.monotonic();
        return { message: 'cordoned; 2 pods moved away', changes: [] };
      },
    });
    const flags = await staged(LATE);
    const ended = run(flags).then(() => (endedAt = site.clock.monotonic()));
    const pod = await site.startPod('kubeadm', flags);
    reachedAt = site.clock.monotonic();
    site.jobs.end(pod, 0, sampleReport({ step: 'kubeadm' }));
    await site.pass(20);
    await plays(flags, 'drain');
    await ended;
    expect(movedAt - reachedAt).toBeLessThan(5);
    expect(endedAt - movedAt).toBeGreaterThanOrEqual(10);
  });

  it('drains nothing when that step failed', async () => {
    const flags = await staged(LATE);
    const ended = run(flags);
    await plays(flags, 'kubeadm', sampleReport({ outcome: 'failed', message: 'etcd: got no leader' }));
    expect((await ended).code).toBe(EXIT.failed);
    expect((await ended).result.message).toBe('not drained: step kubeadm failed');
    expect(events).toEqual(['kubeadm']);
    expect(isLaunched('drain')).toBe(false);
  });

  it('moves nothing when that is not needed, and leaves the node alone, which does not wait then', async () => {
    const flags = await staged(waitingAsNeeded(EARLY, 'false'), { needed: 'false' });
    expect((await run(flags)).result).toMatchObject({ outcome: 'unchanged', changes: [] });
    expect(events).toEqual([]);
    expect(isLaunched('drain')).toBe(false);
  });

  it.each<[string, StepFlags['needed'], string[], string[]]>([
    ['was flipped', 'unless-flipped', [FLIP_CHANGE], ['kubeadm', 'drain']],
    ['was not flipped', 'unless-flipped', ['/usr/bin/kubeadm'], ['kubeadm', 'pods moved', 'drain']],
    ['was flipped, and is drained all the same', 'true', [FLIP_CHANGE], ['kubeadm', 'pods moved', 'drain']],
  ])('moves pods or leaves them where the control plane %s', async (_, needed, changed, expected) => {
    const flags = await staged(LATE, { needed });
    const ended = run(flags);
    await site.pass(170);
    await plays(
      flags,
      'kubeadm',
      sampleReport({ step: 'kubeadm', changes: changed.map((what) => ({ what })) }),
    );
    await plays(flags, 'drain');
    expect(events).toEqual(expected);
    expect((await ended).code).toBe(EXIT.done);
  });

  it('tells the node to stop when it fails, and gives its own reason', async () => {
    const flags = await staged(EARLY);
    refuse = () => new StatusError('PodDisruptionBudget shop/web: 0 allowed', { reason: 'Failed' });
    const ended = run(flags);
    const told = await plays(flags, 'drain');
    expect(told).toMatchObject({ step: 'drain', drained: false });
    expect(await ended).toMatchObject({
      code: EXIT.failed,
      result: { outcome: 'failed', message: 'PodDisruptionBudget shop/web: 0 allowed' },
    });
  });

  it.each<[Reason, number]>([
    ['Unavailable', EXIT.temporary],
    ['Conflict', EXIT.temporary],
  ])('lets the node wait when it may be tried again: %s', async (reason, code) => {
    const flags = await staged(EARLY);
    refuse = () => new StatusError('no answer', { reason });
    expect((await run(flags)).code).toBe(code);
    expect(isLaunched('drain')).toBe(false);
  });

  it('does not drain once more when a pod before it came so far: the node may be in use again', async () => {
    const flags = await staged(EARLY);
    const first = run(flags);
    await plays(flags, 'drain');
    await first;
    const again = run(flags);
    await site.pass(20);
    expect(await again).toMatchObject({ code: EXIT.done, result: { outcome: 'unchanged' } });
    expect(events).toEqual(['pods moved', 'drain']);
  });

  it('fails when the node has ended meanwhile', async () => {
    const flags = await staged(EARLY);
    const ended = run(flags);
    const why = 'step kubeadm: not begun: nobody has drained the node in 2400 s';
    await plays(flags, 'drain', sampleReport({ step: 'drain', outcome: 'failed', message: why }));
    expect((await ended).code).toBe(EXIT.failed);
    expect((await ended).result.message).toBe(`cordoned; 2 pods moved away; ${why}`);
  });
});

describe('drain without a list', () => {
  it('by hand only drains', async () => {
    const end = await run(sampleFlags({ workflow: 'by-hand', operation: undefined }));
    expect(end).toMatchObject({ code: EXIT.done, result: { message: 'cordoned; 2 pods moved away' } });
    expect(site.server.count('create')).toBe(0);
  });

  it('does nothing in an operation: there is nothing to do on the node', async () => {
    expect((await run(sampleFlags())).result).toMatchObject({
      outcome: 'unchanged',
      message: 'nothing is to be done on the node',
    });
    expect(events).toEqual([]);
  });
});
