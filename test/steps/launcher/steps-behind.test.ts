import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { hostPlanDigest } from '../../../src/api/host-plan.ts';
import { INPUT_KEY } from '../../../src/api/install.ts';
import { boundedName } from '../../../src/api/names.ts';
import { nodeInputSchema } from '../../../src/api/node-input.ts';
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
  needed: 'unless-flipped',
  keepBackups: '1',
  behind: 'protect,backup:900,stage',
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
function own(step: 'backup' | 'stage'): StepFlags {
  const options = { ...OPTIONS, behind: undefined, timeoutSeconds: 900 };
  return stepFlags(step === 'stage' ? options : { ...options, needed: undefined });
}

async function staged(): Promise<string> {
  const ended = site.run('stage', own('stage'));
  const pod = await site.startPod('stage', flags);
  const sha256 = hostPlanDigest(site.inputSent().plan);
  site.jobs.end(pod, 0, sampleReport({ step: 'stage' }, { 'plan-sha256': sha256 }));
  await site.pass(20);
  await ended;
  return sha256;
}

/** The next Job of the step runs, and ends like this. Gives the plan that it was told. */
async function plays(step: 'backup' | 'kubeadm', report = sampleReport({ step })): Promise<string> {
  const pod = await site.startPod(step, flags);
  const content = text(site.jobs.secret(jobOf(step)), 'data', INPUT_KEY) ?? '';
  site.jobs.end(pod, report.result.outcome === 'failed' ? 1 : 0, report);
  await site.pass(20);
  return nodeInputSchema.parse(JSON.parse(Buffer.from(content, 'base64').toString())).planSha256;
}

const jobsMade = (): number =>
  site.server.requests.filter(({ path, verb }) => verb === 'create' && path.endsWith('/jobs')).length;

describe('a step behind others that are under way', () => {
  it('begins when all of them have ended, with the plan that stage left', async () => {
    const sha256 = await staged();
    const ended = site.run('kubeadm', flags);
    await site.pass(60);
    expect([isLaunched('backup'), isLaunched('kubeadm'), told]).toEqual([true, false, ['protected']]);
    await plays('backup');
    expect(await plays('kubeadm')).toBe(sha256);
    expect(await ended).toMatchObject({ code: EXIT.done, result: { step: 'kubeadm' } });
    expect(site.lines).toContain('waiting for step backup');
    expect(jobsMade()).toBe(3);
  });

  it('finds the launches of their own tasks: none is made again', async () => {
    await staged();
    const first = site.run('backup', own('backup'));
    await plays('backup');
    await first;
    const ended = site.run('kubeadm', flags);
    await plays('kubeadm');
    expect((await ended).code).toBe(EXIT.done);
    expect(jobsMade()).toBe(3);
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
