// The Job of a launch: made, or found as an earlier try left it.
import type { V1Job } from '@kubernetes/client-node';
import { StatusError } from '../../api/errors.ts';
import { NODE_NAMESPACE } from '../../api/install.ts';
import { isObject, type JsonObject } from '../../api/json.ts';
import { INPUT_DIGEST_ANNOTATION } from '../../api/labels.ts';
import type { StepReport } from '../../api/step-result.ts';
import { list, text } from '../../kubernetes/fields.ts';
import { orAbsent } from '../api/absent.ts';
import { accepted, endOf, podOf, type PodView } from './job-view.ts';
import { jobPods } from './node-job.ts';
import { JOB_PODS, jobPath } from './paths.ts';
import type { Remote } from './remote.ts';
import { reportIn } from '../../api/step-result.ts';

export interface FoundJob {
  job: JsonObject;
  isNew: boolean;
  /** It has ended already, with this. */
  report?: StepReport;
}

const LOOK_SECONDS = 2;
/** How long an earlier Job of the name may take to end or to go. */
const MOST_SECONDS = 900;

/**
 * Attaches to the Job that runs; takes the report of one that has ended, if it was started with the same input; else makes
 * it anew. Errors: BadInput when the host refused that input; Unavailable when an earlier Job does not go.
 */
export async function ensureJob(remote: Remote, wanted: V1Job): Promise<FoundJob> {
  const { workload, clock, log, signal } = remote;
  const name = wanted.metadata?.name ?? '';
  const end = clock.monotonic() + MOST_SECONDS;
  let told = '';
  for (;;) {
    const job = await orAbsent(workload.get(jobPath(name)));
    if (job === undefined) {
      const made = await create(remote, wanted);
      if (made !== undefined) return { job: made, isNew: true };
      continue;
    }
    const step = await decide(remote, wanted, job);
    if ('found' in step) return step.found;
    if (step.why !== told) log(`Job ${NODE_NAMESPACE}/${name} ${step.why}`);
    told = step.why;
    if (clock.monotonic() >= end) {
      throw new StatusError(`Job ${NODE_NAMESPACE}/${name} ${step.why}, for ${MOST_SECONDS} s now`, {
        reason: 'Unavailable',
      });
    }
    await clock.sleep(LOOK_SECONDS, signal);
    if (signal.aborted) throw new StatusError('told to stop', { reason: 'Unavailable' });
  }
}

/** undefined: somebody else was first. */
async function create({ workload }: Remote, wanted: V1Job): Promise<JsonObject | undefined> {
  try {
    return await workload.create(jobPath(), wanted);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'AlreadyExists') return undefined;
    throw error;
  }
}

type Decision = { found: FoundJob } | { why: string };

async function decide(remote: Remote, wanted: V1Job, job: JsonObject): Promise<Decision> {
  if (text(job, 'metadata', 'deletionTimestamp') !== undefined) return { why: 'is being deleted: waiting' };
  const digest = text(job, 'metadata', 'annotations', INPUT_DIGEST_ANNOTATION);
  const isSame = digest === wanted.metadata?.annotations?.[INPUT_DIGEST_ANNOTATION];
  if (endOf(job) === undefined) {
    if (!isSame) return { why: 'still works on something else: waiting for its end' };
    return { found: { job, isNew: false } };
  }
  const pod = isSame ? await podOfJob(remote, job) : undefined;
  const report = pod && accepted(pod, reportIn(pod.message));
  if (report !== undefined) return { found: { job, isNew: false, report } };
  await deleteJob(remote, job);
  return { why: `ended ${isSame ? 'without a report' : 'for something else'}: it is made anew` };
}

/** With its pods and its Secret. */
async function deleteJob({ workload }: Remote, job: JsonObject): Promise<void> {
  const uid = text(job, 'metadata', 'uid') ?? '';
  try {
    await workload.delete(jobPath(text(job, 'metadata', 'name') ?? ''), {
      propagationPolicy: 'Foreground',
      // Another step pod may have made it anew meanwhile.
      preconditions: { uid },
    });
  } catch (error) {
    if (!(error instanceof StatusError) || !['NotFound', 'Conflict'].includes(error.reason)) throw error;
  }
}

export async function podOfJob({ workload }: Remote, job: JsonObject): Promise<PodView | undefined> {
  const pods = await workload.get(JOB_PODS, { labelSelector: jobPods(text(job, 'metadata', 'name') ?? '') });
  return podOf(job, list(pods, 'items').filter(isObject));
}
