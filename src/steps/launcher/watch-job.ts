// From a Job that exists to its report: its log in ours, and why it does not start when it does not.
import { StatusError } from '../../api/errors.ts';
import { NODE_NAMESPACE } from '../../api/install.ts';
import { list } from '../../kubernetes/fields.ts';
import { orAbsent } from '../api/absent.ts';
import { podOfJob } from './ensure-job.ts';
import { accepted, endOf, lastWarning, type PodView } from './job-view.ts';
import { logFollower, type LogFollower } from './log-follower.ts';
import { JOB_EVENTS, jobPath } from './paths.ts';
import type { Remote } from './remote.ts';
import { isBad, reportIn, type StepReport } from '../../api/step-result.ts';

/** With its image on the node a pod starts in a second or two: nobody should wait for us. */
const LOOK_SECONDS = 1;
/** Until then it is on its way. */
const QUIET_SECONDS = 5;
const SLOW_AFTER_SECONDS = 60;
const SLOW_LOOK_SECONDS = 10;
/** The image may have to be pulled: some hundred MB. */
const MOST_SECONDS_TO_START = 900;

/**
 * Waits for the report of the Job. Errors: BadInput when the host refused the input; Unavailable when the Job ended, is
 * gone, or does not begin.
 */
export async function watchJob(remote: Remote, name: string): Promise<StepReport> {
  const follower = logFollower(remote);
  try {
    return await watch(remote, name, follower);
  } finally {
    follower.stop();
  }
}

async function watch(remote: Remote, name: string, follower: LogFollower): Promise<StepReport> {
  const { workload, clock, signal } = remote;
  const tell = onceEach(remote.log);
  const start = clock.monotonic();
  let hasStarted = false;
  let readToEnd: string | undefined;
  for (;;) {
    const job = await orAbsent(workload.get(jobPath(name)));
    if (job === undefined) throw unavailable(name, 'is gone: somebody deleted it');
    const pod = await podOfJob(remote, job);
    hasStarted ||= pod !== undefined && pod.state !== 'waiting';
    if (pod?.state === 'running') follower.follow(pod);
    if (pod?.state === 'ended' && pod.uid !== readToEnd) {
      const report = await reportOf(pod, follower);
      if (report !== undefined) return report;
      readToEnd = pod.uid;
    }
    const end = endOf(job);
    if (end !== undefined) throw unavailable(name, `ended without a report: ${end}; ${lastWords(pod)}`);
    if (pod?.state === 'ended')
      tell(`pod ${pod.name} ended without a report: ${lastWords(pod)}; the Job goes on`);
    const waited = clock.monotonic() - start;
    if (!hasStarted && waited >= QUIET_SECONDS) {
      const why = await whyNotStarted(remote, name, pod);
      tell(why);
      if (waited >= MOST_SECONDS_TO_START) {
        throw unavailable(name, `has not started in ${MOST_SECONDS_TO_START} s: ${why}`);
      }
    }
    await follower.wait(waited > SLOW_AFTER_SECONDS ? SLOW_LOOK_SECONDS : LOOK_SECONDS);
    // Its pod shows that it has ended a second or two later: nobody should wait for that. What went wrong may have been refused,
    // which only the exit code tells.
    const said = reportIn(follower.lastReport() ?? '');
    if (said && !isBad(said)) return said;
    if (signal.aborted) {
      throw new StatusError('told to stop; the node goes on by itself', { reason: 'Unavailable' });
    }
  }
}

/** Errors: BadInput when the host refused the input, with its reason. */
async function reportOf(pod: PodView, follower: LogFollower): Promise<StepReport | undefined> {
  const line = await follower.finish(pod);
  return accepted(pod, reportIn(pod.message) ?? reportIn(line ?? ''));
}

async function whyNotStarted({ workload }: Remote, name: string, pod: PodView | undefined): Promise<string> {
  const names = [name, ...(pod ? [pod.name] : [])];
  const events = await workload.get(JOB_EVENTS, { fieldSelector: 'type=Warning', limit: 500 });
  const warning = lastWarning(list(events, 'items'), names);
  const what = pod === undefined ? `Job ${name} has no pod` : `pod ${pod.name} has not started`;
  const why = [pod?.message ?? '', warning ?? ''].filter((part) => part !== '').join('; ');
  return `${what} yet: ${why || 'no reason given'}`;
}

function lastWords(pod: PodView | undefined): string {
  if (pod === undefined) return 'no pod is left';
  const code = pod.exitCode === undefined ? '' : `exit code ${pod.exitCode}`;
  return [code, pod.message].filter((part) => part !== '').join(': ') || 'no reason given';
}

function unavailable(name: string, problem: string): StatusError {
  return new StatusError(`Job ${NODE_NAMESPACE}/${name} ${problem}`, { reason: 'Unavailable' });
}

function onceEach(log: (line: string) => void): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (!told.has(line)) log(line);
    told.add(line);
  };
}
