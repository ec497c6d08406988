import type { JsonObject } from '../../api/json.ts';
import { StatusError } from '../../api/errors.ts';
import { NODE_NAMESPACE } from '../../api/install.ts';
import { INPUT_DIGEST_ANNOTATION } from '../../api/labels.ts';
import type { StepReport } from '../../api/step-result.ts';
import { text } from '../../kubernetes/fields.ts';
import { orAbsent } from '../api/absent.ts';
import { ensureJob } from './ensure-job.ts';
import { ensureInputSecret, removeInputSecret } from './input-secret.ts';
import { nodeJob, type NodeJobInput } from './node-job.ts';
import { jobPath } from './paths.ts';
import type { Remote } from './remote.ts';
import { watchJob } from './watch-job.ts';

/**
 * Does one step on its node, or finds it done or under way: a second launch of the same attaches to the first. Gives the
 * node's report, also of a failure. Errors: BadInput when the host refused the input; Unavailable when there is no
 * report: asking again may help.
 */
export async function launchNodeStep(remote: Remote, launch: NodeJobInput): Promise<StepReport> {
  const { clock, log } = remote;
  // Moments, so that what a launch costs can be told.
  const tell = (line: string): void => log(`${clock.now().toISOString()} launch: ${line}`);
  const { job, isNew, report: earlier } = await ensureJob(remote, nodeJob(launch));
  const name = text(job, 'metadata', 'name') ?? '';
  const how = isNew ? 'made' : earlier === undefined ? 'found: attaching' : 'found: it has ended';
  tell(`Job ${NODE_NAMESPACE}/${name} ${how}`);
  if (earlier === undefined) {
    // After its owner: the kubelet waits for it.
    await ensureInputSecret(remote, job, launch.input);
  }
  const report = earlier ?? (await watchJob(remote, name));
  tell('report read');
  await cleanUp(remote, job);
  return report;
}

/** Has the same been launched before? Also by a pod that was lost. */
export async function isLaunched({ workload }: Remote, launch: NodeJobInput): Promise<boolean> {
  const { metadata } = nodeJob(launch);
  const job = await orAbsent(workload.get(jobPath(metadata?.name ?? '')));
  const digest = text(job, 'metadata', 'annotations', INPUT_DIGEST_ANNOTATION);
  return digest !== undefined && digest === metadata?.annotations?.[INPUT_DIGEST_ANNOTATION];
}

async function cleanUp(remote: Remote, job: JsonObject): Promise<void> {
  try {
    await removeInputSecret(remote, job);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    remote.log(`the input of the Job is there until the Job goes: ${error.message}`);
  }
}
