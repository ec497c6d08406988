import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sampleReport } from './samples.ts';
import { launchSite, type LaunchSite } from './launch-site.ts';

let site: LaunchSite;
beforeEach(async () => {
  site = await launchSite();
});
afterEach(() => site.close());

/** Two seconds at a time, as often as the launcher asks. */
async function passSlowly(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 2) {
    await site.pass(0);
    await site.clock.advance(2);
  }
}

describe('a workload cluster whose API server is away', () => {
  it('in the middle is waited for; the log goes on where it was, and the report is taken', async () => {
    const { jobs, server } = site;
    const launched = site.launch();
    const pod = await site.startPod();
    jobs.say(pod, 'before');
    await site.until(() => site.lines.includes('before'));
    await server.stop();
    await passSlowly(890);
    jobs.say(pod, 'meanwhile');
    await server.start();
    jobs.end(pod, 0, sampleReport());
    await passSlowly(20);
    expect(await launched).toEqual(sampleReport());
    const own = site.lines.filter((line) => !/^the |^\S+ launch: /.test(line));
    expect(own).toEqual(['before', 'meanwhile']);
  });

  it('tells each failure once, and when it is over', async () => {
    const { jobs, server } = site;
    const launched = site.launch();
    const pod = await site.startPod();
    await server.stop();
    await passSlowly(120);
    await server.start();
    jobs.end(pod, 0, sampleReport());
    await passSlowly(20);
    await launched;
    const about = site.lines.filter((line) => line.startsWith('the API server of the workload cluster'));
    expect(about.filter((line) => line.includes('does not answer'))).toHaveLength(1);
    expect(about.at(-1)).toMatch(/^the API server of the workload cluster answers again, 1[12]\d s later$/);
  });

  it('for longer than 15 minutes ends the try: it may be asked again', async () => {
    const launched = site.launch();
    await site.startPod();
    const ended = expect(launched).rejects.toMatchObject({
      reason: 'Unavailable',
      message: expect.stringMatching(
        /^the API server of the workload cluster has not answered for 90\d s: GET /,
      ),
    });
    await site.server.stop();
    await passSlowly(920);
    await ended;
    await site.server.start();
  });

  it('is asked again for what it may have done already: a Job is made once', async () => {
    const { server, jobs, job } = site;
    const launched = site.launch();
    server.failNext(1, 'cut', 'create');
    await site.until(() => server.count('create', 'jobs') === 1);
    site.makeJob();
    await site.pass(5);
    expect(server.count('create', 'jobs')).toBe(2);
    expect(site.lines.at(-1)).toMatch(/launch: Job \S+ found: attaching$/);
    jobs.end(await site.startPod(), 0, sampleReport());
    await site.pass(5);
    expect(await launched).toEqual(sampleReport());
    expect(jobs.job(job)).toBeDefined();
  });
});
