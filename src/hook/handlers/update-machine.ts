// UpdateMachine: start, follow, and report the operation that brings a Machine to its desired state.
import { decodeRequestOf } from '../../api/decode.ts';
import { desiredHash, desiredVersion } from '../../api/desired-hash.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { HOOKS_API_VERSION, type UpdateMachineResponse } from '../../api/hooks.ts';
import { STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../api/labels.ts';
import { planUpdate } from '../../plan/decide.ts';
import type { Wanted } from '../failure-policy.ts';
import type { Outcome } from '../operations.ts';
import { progressMessage, retryAfterSeconds } from '../progress.ts';
import { clusterFacts, clusterOf, isOptedIn, policyFor, type Context } from './context.ts';

const hook = 'UpdateMachine';
const AFTER_TROUBLE_SECONDS = 5;

export async function updateMachine(context: Context, body: unknown): Promise<UpdateMachineResponse> {
  const { store, operations, clock, metrics } = context;
  const cluster = clusterOf(context, body);
  const request = decodeRequestOf(hook, body);
  const { namespace, name } = request.desired.machine.metadata;
  const machine = store.machine(namespace, name);
  if (!machine)
    throw new StatusError(`Machine ${namespace}/${name}: not seen yet, ask again`, { reason: 'Unavailable' });
  const wanted: Wanted = {
    hash: desiredHash(request),
    version: desiredVersion(request),
  };
  try {
    const outcome = await operations.request(namespace, name, wanted, ({ nodeName, kubeletVersion }) => {
      // Opting out keeps operations from beginning; one that runs is brought to its end.
      if (!isOptedIn(cluster))
        throw badInput(
          `Cluster ${namespace}/${cluster.name}: label ${STRATEGY_LABEL}`,
          cluster.labels[STRATEGY_LABEL],
          STRATEGY_IN_PLACE,
        );
      if (nodeName === undefined)
        throw badInput(`Machine ${namespace}/${name}: status.nodeRef`, nodeName, 'a Node');
      const nodeVersion = kubeletVersion === undefined ? {} : { nodeVersion: kubeletVersion };
      return planUpdate(request, policyFor(context, cluster), {
        ...clusterFacts(context, cluster),
        ...nodeVersion,
      });
    });
    metrics.decisions.inc({ hook, decision: outcome.do });
    return answer(outcome, clock.now());
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason === 'BadInput') throw error;
    // Not terminal: CAPI would show a Failure as a fixed text that says nothing.
    metrics.decisions.inc({ hook, decision: 'trouble' });
    return inProgress(`cannot go on now: ${error.message}`, AFTER_TROUBLE_SECONDS);
  }
}

function answer(outcome: Outcome, now: Date): UpdateMachineResponse {
  switch (outcome.do) {
    case 'done':
      return inProgress(`operation ${outcome.record.number}: done`, 0);
    case 'wait':
      return inProgress(outcome.message, outcome.retryAfterSeconds);
    case 'progress':
      return inProgress(
        progressMessage(outcome.record, outcome.workflow, now),
        retryAfterSeconds(outcome.workflow),
      );
  }
}

/** Success with a time to ask again is `in progress`; with 0 it is `done`. */
function inProgress(message: string, retryAfterSeconds: number): UpdateMachineResponse {
  return {
    apiVersion: HOOKS_API_VERSION,
    kind: `${hook}Response`,
    status: 'Success',
    message,
    retryAfterSeconds,
  };
}
