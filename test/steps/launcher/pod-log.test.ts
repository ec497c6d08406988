import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { podLog } from '../../../src/steps/launcher/pod-log.ts';
import { sampleReport } from './samples.ts';
import { launchSite, type LaunchSite } from './launch-site.ts';

let site: LaunchSite;
let pod: string;
beforeEach(async () => {
  site = await launchSite();
  site.makeJob();
  pod = site.makePod();
  site.jobs.run(pod);
});
afterEach(() => site.close());

const texts = (): string[] => site.lines.splice(0);

describe('the log of a pod', () => {
  it('is given line by line as it comes', async () => {
    const reading = podLog(site.remote, pod).read({ follow: true });
    await site.until(() => site.jobs.readers === 1);
    site.jobs.say(pod, 'one');
    await site.until(() => site.lines.length === 1);
    site.jobs.say(pod, 'two  with blanks ');
    site.jobs.end(pod, 0);
    await reading;
    expect(texts()).toEqual(['one', 'two  with blanks ']);
  });

  it.each([
    ['at once', async (): Promise<void> => site.jobs.breakLogs()],
    [
      'with its API server',
      async (): Promise<void> => {
        await site.server.stop();
        await site.server.start();
      },
    ],
  ])('goes on after the connection broke %s, and repeats nothing', async (_name, cut) => {
    const log = podLog(site.remote, pod);
    const reading = log.read({ follow: true });
    for (const line of ['a', 'b', 'b']) site.jobs.say(pod, line, '2026-01-01T00:00:07.5Z');
    await site.until(() => site.lines.length === 3);
    const broken = expect(reading).rejects.toMatchObject({ reason: 'Unavailable' });
    await cut();
    await broken;
    site.jobs.say(pod, 'b', '2026-01-01T00:00:07.5Z');
    site.jobs.say(pod, 'c', '2026-01-01T00:00:07.500000001Z');
    site.jobs.end(pod, 0);
    await log.read({ follow: true });
    await log.read({ follow: false });
    expect(texts()).toEqual(['a', 'b', 'b', 'b', 'c']);
    expect(site.jobs.logQueries.at(-1)).toEqual({
      container: 'main',
      timestamps: 'true',
      follow: 'false',
      sinceTime: '2026-01-01T00:00:07Z',
    });
  });

  it('knows times with an offset, and fractions of any length', async () => {
    const log = podLog(site.remote, pod);
    site.jobs.say(pod, 'first', '2026-01-01T02:00:00.12+02:00');
    await log.read({ follow: false });
    site.jobs.say(pod, 'later', '2026-01-01T02:00:00.120000001+02:00');
    await log.read({ follow: false });
    expect(texts()).toEqual(['first', 'later']);
    expect(site.jobs.logQueries.at(-1)).toMatchObject({ sinceTime: '2026-01-01T02:00:00+02:00' });
  });

  it('is opened again, without a word, when it is silent for a minute: the connection may be dead', async () => {
    const log = podLog(site.remote, pod);
    const reading = log.read({ follow: true });
    await site.until(() => site.jobs.readers === 1);
    site.jobs.say(pod, 'one');
    await site.until(() => site.lines.length === 1);
    await site.clock.advance(60);
    await reading;
    expect(texts()).toEqual(['one']);
  });

  it('keeps the last report for itself', async () => {
    const log = podLog(site.remote, pod);
    site.jobs.say(pod, 'refit-report {"old":1}');
    site.jobs.say(pod, `refit-report ${JSON.stringify(sampleReport())}`);
    site.jobs.end(pod, 0);
    await log.read({ follow: true });
    expect(JSON.parse(log.lastReport() ?? '')).toEqual(sampleReport());
    expect(texts()).toEqual([]);
  });

  it('that is not there is an error', async () => {
    await expect(podLog(site.remote, 'other').read({ follow: true })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });
});
