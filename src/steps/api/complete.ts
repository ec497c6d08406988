import { completionAnnotations, unlikeDesired } from '../../api/completion.ts';
import { knownRecord } from '../../api/operation.ts';
import { noProtection } from '../../api/protection.ts';
import { texts } from '../../kubernetes/fields.ts';
import type { ApiStep, ApiStepContext, ApiStepOutcome } from './api-step.ts';
import { forgetCertificateDate } from './certificate-date.ts';
import { annotateMachine, machineFailed, roleOf, targetVersion } from './machine.ts';
import { nodeState } from './node.ts';
import { nodePath } from './paths.ts';
import { poll, summary } from './poll.ts';

const LOOK_SECONDS = 2;

/** The last word on the Machine. Errors: Failed when the Node is not as desired, or the record is of another operation. */
export const complete: ApiStep = async (context) => {
  const { flags, machine, clock } = context;
  if (flags.operation === undefined) return byHand(context);
  const operation = String(flags.operation);
  const record = knownRecord(texts(machine, 'metadata', 'annotations'));
  if (record?.number === flags.operation && record.state === 'succeeded')
    return { message: 'recorded before', changes: [] };
  const kubernetes = targetVersion(context);
  const node = await desiredNode(context, kubernetes);
  // First: once the record says done, nobody asks for this any more.
  const renewed = roleOf(machine) === 'control-plane' && (await forgetCertificateDate(context));
  await annotateMachine(context, (now) =>
    completionAnnotations(
      { namespace: flags.namespace, name: flags.machine, annotations: texts(now, 'metadata', 'annotations') },
      node,
      { operation, kubernetes, now: clock.now() },
    ),
  );
  const changes = [{ what: 'Machine' }, ...(renewed ? [{ what: 'KubeadmConfig' }] : [])];
  return { message: 'recorded on the Machine', changes };
};

/** No operation was numbered, so there is no record to end. */
async function byHand(context: ApiStepContext): Promise<ApiStepOutcome> {
  const changed = await annotateMachine(context, (now) =>
    noProtection(texts(now, 'metadata', 'annotations')),
  );
  return {
    message: `submitted by hand: nothing recorded; ${changed ? 'protection removed' : 'nothing was protected'}`,
    changes: changed ? [{ what: 'Machine' }] : [],
  };
}

/** A Node may be late, or blink. */
async function desiredNode(context: ApiStepContext, kubernetes: string) {
  const { workload, nodeName, flags, timeoutSeconds } = context;
  let state = { kubeletVersion: 'none', ready: false };
  const problems = await poll(context, { seconds: timeoutSeconds, everySeconds: LOOK_SECONDS }, async () => {
    state = nodeState(await workload.get(nodePath(nodeName)));
    return unlikeDesired(state, kubernetes);
  });
  if (problems.length > 0) throw machineFailed(flags, summary(problems));
  return state;
}
