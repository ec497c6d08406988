import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { orAbsent } from './absent.ts';
import type { ApiStep, ApiStepContext } from './api-step.ts';
import { removeCordon } from './cordon.ts';
import { items } from './items.ts';
import { roleOf, targetVersion } from './machine.ts';
import { nodeProblems } from './node-health.ts';
import { nodeLeasePath, nodePath, podsPath } from './paths.ts';
import { poll, summary } from './poll.ts';
import { restarts, staticPodProblems } from './static-pods.ts';

const LOOK_SECONDS = 2;
const STABLE_SECONDS = 10;

/**
 * The node has verified itself: now the API servers must show it. Then an operation takes our cordon away, whichever one set
 * it, at once: a step of its own would come 15 s later. Errors: Failed with what was wrong last, when it is not so in time.
 */
export const afterVerify: ApiStep = async (context) => {
  const { workload, nodeName, machine, flags, report, timeoutSeconds } = context;
  if (!report) throw new StatusError(`Node ${nodeName}: has not reported`, { reason: 'Failed' });
  const wanted = {
    kubernetes: targetVersion(context),
    containerd: report.outputs['containerd'],
    since: new Date(report.result.startedAt),
  };
  const isStable = stability(context);
  const problems = await poll(context, { seconds: timeoutSeconds, everySeconds: LOOK_SECONDS }, async () => {
    const node = await workload.get(nodePath(nodeName));
    const found = nodeProblems(node, await orAbsent(workload.get(nodeLeasePath(nodeName))), wanted);
    if (roleOf(machine) === 'worker') return found;
    const pods = await staticPods(context);
    return [...found, ...staticPodProblems(pods, wanted.kubernetes), ...isStable(restarts(pods))];
  });
  if (problems.length > 0) {
    throw new StatusError(`Node ${nodeName}: ${summary(problems)}`, { reason: 'Failed' });
  }
  const message = `${report.result.message}; the Node reports ${wanted.kubernetes} and Ready`;
  const { changes } = report.result;
  // By hand it changes nothing.
  const isUncordoned = flags.operation !== undefined && (await removeCordon(context));
  if (!isUncordoned) return { message, changes };
  return {
    message: `${message}; uncordoned`,
    changes: [...changes, { what: 'unschedulable', from: 'true' }],
  };
};

async function staticPods({ workload, nodeName }: ApiStepContext): Promise<JsonObject[]> {
  const pods: JsonObject[] = [];
  const query = { fieldSelector: `spec.nodeName=${nodeName}` };
  for await (const pod of items(workload, podsPath('kube-system'), query)) pods.push(pod);
  return pods;
}

/** A newer kubelet makes all static pods anew: what is Ready now may end the next moment. */
function stability({ clock }: ApiStepContext): (seen: string) => string[] {
  let last: string | undefined;
  let since = 0;
  return (seen) => {
    if (seen !== last) since = clock.monotonic();
    last = seen;
    const seconds = clock.monotonic() - since;
    return seconds >= STABLE_SECONDS
      ? []
      : [`static pods: got ${seconds} s without a restart, expected ${STABLE_SECONDS}`];
  };
}
