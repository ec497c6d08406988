import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { hostPlanDigest } from '../../../src/api/host-plan.ts';
import { INPUT_KEY } from '../../../src/api/install.ts';
import { boundedName } from '../../../src/api/names.ts';
import { nodeInputSchema, type NodeInput } from '../../../src/api/node-input.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import type { StepFlags } from '../../../src/steps/api/api-step.ts';
import { stepFlags } from '../../../src/steps/launcher/step-flags.ts';
import { OPERATION, sampleReport } from './samples.ts';
import { stepSite, type StepSite } from './step-site.ts';

/** As the Workflow gives them to the first step of the node's list. */
const OPTIONS = {
  namespace: 'lab',
  workflow: OPERATION,
  cluster: 'refit',
  machine: 'cp-1',
  operation: '3',
  kubernetesVersion: 'v1.34.3',
  release: 'v1.34.3',
  steps: 'kubeadm,kubelet:600:2400',
  keepBackups: '1',
  behind: 'preflight,protect,backup:900,stage',
  timeoutSeconds: 1800,
};

let site: StepSite;
let flags: StepFlags;
let told: string[];
beforeEach(async () => {
  site = await stepSite();
  flags = stepFlags(OPTIONS);
  told = [];
  site.withApi('protect', {
    after: async () => {
      told.push('protected');
      return { message: 'held back', changes: [] };
    },
  });
});
afterEach(() => site.close());

const jobOf = (step: string): string => boundedName(OPERATION, `-${step}`);
const isLaunched = (step: string): boolean => site.jobs.job(jobOf(step)) !== undefined;

/** What its own task gives a step. */
function own(step: 'backup' | 'stage' | 'preflight'): StepFlags {
  const timeoutSeconds = step === 'preflight' ? 300 : 900;
  const behind = step === 'preflight' ? undefined : 'preflight';
  return stepFlags({ ...OPTIONS, behind, timeoutSeconds });
}

const FOUND = { work: 'true', drain: 'unless-flipped', 'drain-first': 'false', elsewhere: 'true' };

async function looked(outputs: Record<string, string> = FOUND): Promise<void> {
  const ended = site.run('preflight', own('preflight'));
  site.jobs.end(await site.startPod('preflight', flags), 0, sampleReport({ step: 'preflight' }, outputs));
  await site.pass(20);
  await ended;
}

/** Gives the plan that the node was told. */
async function staged(): Promise<NodeInput['plan']> {
  const ended = site.run('stage', own('stage'));
  const pod = await site.startPod('stage', flags);
  const { plan } = sentTo('stage');
  const outputs = { 'plan-sha256': hostPlanDigest(plan) };
  site.jobs.end(pod, 0, sampleReport({ step: 'stage' }, outputs));
  await site.pass(20);
  await ended;
  return plan;
}

function sentTo(step: string): NodeInput {
  const content = text(site.jobs.secret(jobOf(step)), 'data', INPUT_KEY) ?? '';
  return nodeInputSchema.parse(JSON.parse(Buffer.from(content, 'base64').toString()));
}

/** The next Job of the step runs, and ends like this. Gives the plan that it was told. */
async function plays(
  step: 'preflight' | 'backup' | 'kubeadm',
  report = sampleReport({ step }),
): Promise<string> {
  const pod = await site.startPod(step, flags);
  const { planSha256 } = sentTo(step);
  site.jobs.end(pod, report.result.outcome === 'failed' ? 1 : 0, report);
  await site.pass(20);
  return planSha256;
}

const jobsMade = (): number =>
  site.server.requests.filter(({ path, verb }) => verb === 'create' && path.endsWith('/jobs')).length;

describe('a step behind others that are under way', () => {
  beforeEach(() => looked());

  it('begins when all of them have ended, with the plan that stage left', async () => {
    const plan = await staged();
    const ended = site.run('kubeadm', flags);
    await site.pass(60);
    expect([isLaunched('backup'), isLaunched('kubeadm'), told]).toEqual([true, false, ['protected']]);
    await plays('backup');
    expect(await plays('kubeadm')).toBe(hostPlanDigest(plan));
    expect(await ended).toMatchObject({ code: EXIT.done, result: { step: 'kubeadm' } });
    expect(site.lines).toContain('waiting for step backup');
    expect(jobsMade()).toBe(4);
  });

  it('finds the launches of their own tasks: none is made again', async () => {
    await staged();
    const first = site.run('backup', own('backup'));
    await plays('backup');
    await first;
    const ended = site.run('kubeadm', flags);
    await plays('kubeadm');
    expect((await ended).code).toBe(EXIT.done);
    expect(jobsMade()).toBe(4);
  });

  it('does not begin when one of them failed, and says which', async () => {
    await staged();
    const ended = site.run('kubeadm', flags);
    await plays('backup', sampleReport({ step: 'backup', outcome: 'failed', message: 'no room' }));
    expect(await ended).toMatchObject({
      code: EXIT.failed,
      result: { step: 'kubeadm', outcome: 'failed', message: 'not begun: step backup: no room' },
    });
    expect(isLaunched('kubeadm')).toBe(false);
  });

  it('is tried again when one of them may be', async () => {
    await staged();
    const ended = site.run('kubeadm', flags);
    const pod = await site.startPod('backup', flags);
    site.jobs.end(pod, 137);
    site.jobs.endJob(jobOf('backup'), 'Failed', 'BackoffLimitExceeded');
    await site.pass(20);
    expect(await ended).toMatchObject({ code: EXIT.temporary });
    expect((await ended).result.message).toContain('not begun: step backup: Job');
  });

  it('waits for nothing but protection where stage has found nothing to do', async () => {
    site.withApi('protect', { after: async () => ({ message: 'held back', changes: [] }) });
    const ended = site.run('verify', { ...flags, steps: [] });
    site.jobs.end(
      await site.startPod('stage', flags),
      0,
      sampleReport({ step: 'stage' }, { 'plan-sha256': '' }),
    );
    await site.pass(20);
    site.jobs.end(await site.startPod('verify', flags), 0, sampleReport({ step: 'verify' }));
    await site.pass(20);
    expect((await ended).code).toBe(EXIT.done);
    expect([isLaunched('backup'), isLaunched('verify')]).toEqual([false, true]);
  });

  it('refuses a plan that was made for something else since', async () => {
    await staged();
    const ended = site.run('kubeadm', { ...flags, keepBackups: 5 });
    await plays('backup');
    expect(await ended).toMatchObject({ code: EXIT.badInput });
    expect(isLaunched('kubeadm')).toBe(false);
  });
});

describe('a step behind preflight', () => {
  it('does it itself where nobody has', async () => {
    const ended = site.run('backup', own('backup'));
    await plays('preflight', sampleReport({ step: 'preflight' }, FOUND));
    await plays('backup');
    expect(await ended).toMatchObject({ code: EXIT.done, result: { step: 'backup' } });
  });

  it('does not begin when it refuses, and says why; nor does anything else', async () => {
    const ends = [site.run('backup', own('backup')), site.run('kubeadm', flags)];
    const refused = { step: 'preflight', outcome: 'failed', message: 'disk: got 1 MiB' } as const;
    await plays('preflight', sampleReport(refused));
    for (const ended of ends) {
      expect(await ended).toMatchObject({
        code: EXIT.failed,
        result: { outcome: 'failed', message: 'not begun: step preflight: disk: got 1 MiB' },
      });
    }
    expect([isLaunched('backup'), isLaunched('stage'), isLaunched('kubeadm'), told]).toEqual([
      ...[false, false, false, []],
    ]);
  });

  it('does nothing when the node has nothing to do', async () => {
    await looked({ work: 'false', drain: 'false', 'drain-first': 'false' });
    for (const step of ['backup', 'drain', 'kubeadm'] as const) {
      expect(await site.run(step, step === 'backup' ? own('backup') : flags)).toMatchObject({
        code: EXIT.done,
        result: { step, outcome: 'unchanged', message: 'nothing is to be done on the node' },
      });
    }
    expect(jobsMade()).toBe(1);
  });

  it.each<[string, Record<string, string>, object[]]>([
    ['must be drained', { drain: 'true' }, [{}, { waitSeconds: 2400 }]],
    ['need not', { drain: 'false' }, [{}, {}]],
    ['need not after a flip', { drain: 'unless-flipped' }, [{}, { waitSeconds: 2400, unlessFlipped: true }]],
    ['must be drained first', { drain: 'true', 'drain-first': 'true' }, [{ waitSeconds: 2400 }, {}]],
  ])('tells the node of a list that it %s', async (_, outputs, [kubeadm, kubelet]) => {
    await looked({ ...FOUND, ...outputs });
    expect((await staged()).steps).toEqual([
      { name: 'kubeadm', timeoutSeconds: 1800, ...kubeadm },
      { name: 'kubelet', timeoutSeconds: 600, ...kubelet },
    ]);
  });
});
