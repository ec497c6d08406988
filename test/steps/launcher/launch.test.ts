import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { sampleReport, SECRET_TEXT } from './samples.ts';
import { launchSite, type LaunchSite } from './launch-site.ts';

let site: LaunchSite;
beforeEach(async () => {
  site = await launchSite();
});
afterEach(() => site.close());

describe('a launch', () => {
  it('makes Job and Secret, brings the log and the report, and leaves no contents behind', async () => {
    const { jobs, job, clock } = site;
    const launched = site.launch();
    const pod = await site.startPod();
    const secret = jobs.secret(job);
    expect(list(secret, 'metadata', 'ownerReferences')[0]).toMatchObject({
      uid: text(jobs.job(job), 'metadata', 'uid'),
    });
    jobs.say(pod, 'kubeadm: upgrading');
    jobs.say(pod, `refit-report ${JSON.stringify(sampleReport())}`);
    await site.until(() => site.lines.includes('kubeadm: upgrading'));
    jobs.end(pod, 0, sampleReport());
    jobs.endJob(job, 'Complete');
    await site.pass(2);
    expect(await launched).toEqual(sampleReport());
    expect(jobs.secret(job)).toBeUndefined();
    expect(jobs.job(job)).toBeDefined();
    expect(site.lines).toEqual([
      `2026-01-01T00:00:00.000Z launch: Job capi-refit-node/${job} made`,
      'kubeadm: upgrading',
      expect.stringMatching(/^2026-01-01T00:00:0\d\.\d{3}Z launch: report read$/),
    ]);
    expect(clock.monotonic()).toBeLessThan(10);
  });

  it('gives the report of a failure, too', async () => {
    const failed = sampleReport({ outcome: 'failed', message: 'kubeadm ended with 1' });
    expect(await site.played((pod) => site.jobs.end(pod, 1, failed))).toEqual(failed);
  });

  it('that ended well does not wait until its pod shows it: the report in the log is enough', async () => {
    const launched = site.launch();
    const pod = await site.startPod();
    site.jobs.say(pod, 'kubeadm: upgrading');
    await site.until(() => site.lines.includes('kubeadm: upgrading'));
    site.jobs.say(pod, `refit-report ${JSON.stringify(sampleReport())}`);
    expect(await launched).toEqual(sampleReport());
    expect(site.lines.at(-1)).toContain('report read');
  });

  it.each([
    ['failed', 1, sampleReport({ outcome: 'failed', message: 'no room' })],
    ['was refused', 2, sampleReport({ outcome: 'failed', message: 'machine-id: got a, expected b' })],
  ])('that %s is known by the end of its pod', async (_, code, report) => {
    let isOver = false;
    const launched = site.launch().catch((error: unknown) => error);
    void launched.then(() => (isOver = true));
    const pod = await site.startPod();
    site.jobs.say(pod, `refit-report ${JSON.stringify(report)}`);
    await site.pass(5);
    expect(isOver).toBe(false);
    site.jobs.end(pod, code, report);
    await site.pass(5);
    if (code === 1) expect(await launched).toEqual(report);
    else expect(await launched).toMatchObject({ reason: 'BadInput' });
  });

  it('takes the report from the log when there is no termination message', async () => {
    const report = await site.played((pod) => {
      site.jobs.say(pod, `refit-report ${JSON.stringify(sampleReport())}`);
      site.jobs.end(pod, 0);
    });
    expect(report).toEqual(sampleReport());
  });

  it.each([
    ['with a report', sampleReport({ outcome: 'failed', message: 'machine-id: got a, expected b' })],
    ['in words', 'machine-id: got a, expected b'],
  ])('is bad input when the host refuses it %s', async (_name, message) => {
    await expect(site.played((pod) => site.jobs.end(pod, 2, message))).rejects.toMatchObject({
      reason: 'BadInput',
      message: 'machine-id: got a, expected b',
    });
  });

  it('that ends without a report may be tried again, and says what is known', async () => {
    const launched = site.played((pod) => {
      site.jobs.end(pod, 1, 'out of memory');
      site.jobs.endJob(site.job, 'Failed', 'PodFailurePolicy');
    });
    await expect(launched).rejects.toMatchObject({
      reason: 'Unavailable',
      message: `Job capi-refit-node/${site.job} ended without a report: Failed, PodFailurePolicy; exit code 1: out of memory`,
    });
  });

  it('whose Job is deleted by somebody may be tried again', async () => {
    const launched = site.played(() => site.deleteJob());
    await expect(launched).rejects.toMatchObject({
      reason: 'Unavailable',
      message: expect.stringContaining('is gone: somebody deleted it'),
    });
  });

  it('goes on with the next pod of the Job when one is lost', async () => {
    const { jobs, job } = site;
    const launched = site.launch();
    const lost = await site.startPod();
    jobs.say(lost, 'from the first');
    await site.until(() => site.lines.includes('from the first'));
    jobs.lose(lost);
    await site.pass(5);
    const next = await site.startPod();
    jobs.say(next, 'from the second');
    jobs.end(next, 0, sampleReport());
    await site.pass(15);
    expect(await launched).toEqual(sampleReport());
    expect(site.lines.filter((line) => line.startsWith('from'))).toEqual([
      'from the first',
      'from the second',
    ]);
    expect(jobs.job(job)).toBeDefined();
  });

  it('says once that a pod ended with a passing trouble, and waits for the next', async () => {
    const { jobs } = site;
    const launched = site.launch();
    jobs.end(await site.startPod(), 75, 'locked by another operation');
    await site.pass(20);
    jobs.end(await site.startPod(), 0, sampleReport());
    await site.pass(20);
    await launched;
    expect(site.lines.filter((line) => line.includes('locked by another operation'))).toHaveLength(1);
  });

  it('ends when the step pod is told to stop; the Job stays', async () => {
    const launched = site.launch();
    await site.startPod();
    const stopped = expect(launched).rejects.toMatchObject({
      reason: 'Unavailable',
      message: 'told to stop; the node goes on by itself',
    });
    site.stop();
    await site.pass(5);
    await stopped;
    expect(site.jobs.job(site.job)).toBeDefined();
  });
});

describe('a pod that does not start', () => {
  it.each([
    [
      'its image cannot be pulled',
      () =>
        site.jobs.setState(site.makePod(), { waiting: { reason: 'ErrImagePull', message: 'no such host' } }),
      /^pod \S+ has not started yet: ErrImagePull: no such host$/,
    ],
    [
      'its Secret is not there',
      () => site.jobs.warn(site.makePod(), 'FailedMount', 'secret not found'),
      /^pod \S+ has not started yet: FailedMount: secret not found$/,
    ],
    [
      'the namespace forbids it',
      () => site.jobs.warn(site.job, 'FailedCreate', 'violates PodSecurity'),
      /^Job \S+ has no pod yet: FailedCreate: violates PodSecurity$/,
    ],
  ])('is told once: %s', async (_name, arrange, message) => {
    const launched = site.launch();
    launched.catch(() => undefined);
    await site.jobMade();
    arrange();
    await site.pass(10);
    expect(site.lines.filter((line) => message.test(line))).toHaveLength(1);
  });

  it('is not waited for for ever', async () => {
    const launched = site.launch();
    const end = expect(launched).rejects.toMatchObject({
      reason: 'Unavailable',
      message: expect.stringMatching(
        /has not started in 900 s: Job \S+ has no pod yet: FailedCreate: quota$/,
      ),
    });
    await site.jobMade();
    site.jobs.warn(site.job, 'FailedCreate', 'quota');
    await site.pass(65);
    for (let seconds = 65; seconds < 910; seconds += 10) {
      await site.pass(0);
      await site.clock.advance(10);
    }
    await site.pass(1);
    await end;
  });
});

describe('contents of files', () => {
  it('reach the Secret and nothing else: no log, no Job', async () => {
    const encoded = Buffer.from(SECRET_TEXT).toString('base64');
    const launched = site.launch();
    await site.jobMade();
    await site.until(() => site.jobs.secret(site.job) !== undefined);
    const holding = site.server.requests.filter(({ body }) => {
      const sent = JSON.stringify(body ?? {});
      const inner = Buffer.from(text(body, 'data', 'input.json') ?? '', 'base64').toString();
      return [sent, inner].some((each) => each.includes(SECRET_TEXT) || each.includes(encoded));
    });
    expect(holding.map(({ path }) => path)).toEqual(['/api/v1/namespaces/capi-refit-node/secrets']);
    site.jobs.end(await site.startPod(), 0, sampleReport());
    await site.pass(5);
    await launched;
    for (const line of site.lines) {
      expect(line).not.toContain(SECRET_TEXT);
      expect(line).not.toContain(encoded);
    }
    expect(JSON.stringify(site.jobs.job(site.job))).not.toContain(encoded);
  });
});
