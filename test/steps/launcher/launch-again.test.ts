import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hostPlanDigest } from '../../../src/api/host-plan.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { launchSite, type LaunchSite } from './launch-site.ts';
import { sampleInput, sampleReport } from './samples.ts';

let site: LaunchSite;
beforeEach(async () => {
  site = await launchSite();
});
afterEach(() => site.close());

describe('a second launch of the same', () => {
  it('attaches: a step pod may be there twice', async () => {
    const first = site.launch();
    await site.jobMade();
    const second = site.launch();
    await site.until(() => site.lines.some((line) => line.endsWith('found: attaching')));
    const pod = await site.startPod();
    site.jobs.end(pod, 0, sampleReport());
    await site.pass(5);
    expect(await Promise.all([first, second])).toEqual([sampleReport(), sampleReport()]);
    expect(site.server.count('create', 'jobs')).toBe(1);
  });

  it('takes the report of a Job that has ended, without another pod', async () => {
    await site.played((pod) => {
      site.jobs.end(pod, 0, sampleReport());
      site.jobs.endJob(site.job, 'Complete');
    });
    expect(await site.launch()).toEqual(sampleReport());
    expect(site.server.count('create', 'jobs')).toBe(1);
    expect(site.server.count('create', 'secrets')).toBe(1);
  });

  it('is refused again by what the host said', async () => {
    const refused = site.played((pod) => {
      site.jobs.end(pod, 2, 'another machine');
      site.jobs.endJob(site.job, 'Failed');
    });
    await expect(refused).rejects.toMatchObject({ reason: 'BadInput' });
    await expect(site.launch()).rejects.toMatchObject({ reason: 'BadInput', message: 'another machine' });
  });

  it('makes the Secret when the first one did not get so far', async () => {
    const first = site.launch();
    await site.jobMade();
    await site.until(() => site.jobs.secret(site.job) !== undefined);
    site.deleteSecret();
    const second = site.launch();
    await site.until(() => site.jobs.secret(site.job) !== undefined);
    site.jobs.end(await site.startPod(), 0, sampleReport());
    await site.pass(5);
    await Promise.all([first, second]);
  });

  it('makes a Job anew that ended without a report', async () => {
    site.makeJob();
    const before = text(site.jobs.job(site.job), 'metadata', 'uid');
    site.jobs.endJob(site.job, 'Failed', 'BackoffLimitExceeded');
    const report = await site.played((pod) => site.jobs.end(pod, 0, sampleReport()));
    expect(report).toEqual(sampleReport());
    expect(text(site.jobs.job(site.job), 'metadata', 'uid')).not.toBe(before);
  });

  it('never deletes the Job that another step pod made anew meanwhile', async () => {
    site.makeJob();
    site.jobs.endJob(site.job, 'Failed', 'BackoffLimitExceeded');
    const { workload } = site.remote;
    let made: string | undefined;
    site.remote.workload = {
      ...workload,
      delete: async (...request) => {
        if (made === undefined) {
          site.deleteJob();
          site.makeJob();
          made = text(site.jobs.job(site.job), 'metadata', 'uid');
        }
        return workload.delete(...request);
      },
    };
    await site.played((pod) => site.jobs.end(pod, 0, sampleReport()));
    expect(text(site.jobs.job(site.job), 'metadata', 'uid')).toBe(made);
    expect(site.server.count('create', 'jobs')).toBe(0);
  });

  it('makes a Job anew whose report is about something else', async () => {
    const other = sampleInput({ plan: { ...sampleInput().plan, release: 'other' } });
    expect(hostPlanDigest(other.plan)).not.toBe(hostPlanDigest(sampleInput().plan));
    site.makeJob(other);
    const old = site.makePod();
    site.jobs.end(old, 0, sampleReport({ message: 'of the other' }));
    site.jobs.endJob(site.job, 'Complete');
    const report = await site.played((pod) => site.jobs.end(pod, 0, sampleReport()));
    expect(report.result.message).toBe('kubeadm upgraded the node');
  });

  it('waits for one that works on something else, and never starts a second beside it', async () => {
    site.makeJob(sampleInput({ timeoutSeconds: 5 }));
    const launched = site.launch();
    await site.until(() => site.lines.some((line) => line.includes('still works on something else')));
    await site.pass(30);
    expect(site.server.count('create', 'jobs')).toBe(0);
    site.jobs.endJob(site.job, 'Failed');
    await site.pass(5);
    site.jobs.end(await site.startPod(), 0, sampleReport());
    await site.pass(5);
    expect(await launched).toEqual(sampleReport());
  });

  it('waits for one that is being deleted', async () => {
    site.makeJob();
    site.markDeleted();
    const launched = site.launch();
    await site.until(() => site.lines.some((line) => line.endsWith('is being deleted: waiting')));
    await site.pass(10);
    site.removeMarked();
    await site.pass(5);
    site.jobs.end(await site.startPod(), 0, sampleReport());
    await site.pass(5);
    expect(await launched).toEqual(sampleReport());
  });

  it('replaces the Secret of an earlier Job of that name', async () => {
    site.makeSecret('an-earlier-job');
    const launched = site.launch();
    await site.jobMade();
    const uid = text(site.jobs.job(site.job), 'metadata', 'uid');
    await site.pass(2);
    await site.until(
      () => text(list(site.jobs.secret(site.job), 'metadata', 'ownerReferences')[0], 'uid') === uid,
    );
    site.jobs.end(await site.startPod(), 0, sampleReport());
    await site.pass(5);
    await launched;
  });
});
