import { HOST_STATES } from '../../api/operation.ts';
import { StatusError } from '../../api/errors.ts';
import type { ApiStep, ApiStepContext } from './api-step.ts';
import { cordonedBy } from './node.ts';
import { nodePath } from './paths.ts';

/** Says how things were left. A cordon stays: after a failure nobody knows whether pods would run well there. */
export const afterFinish: ApiStep = async (context) => {
  const { flags, report } = context;
  const host = HOST_STATES.find((state) => state === report?.outputs['host']) ?? 'unknown';
  const status = flags.workflowStatus ?? 'unknown';
  const parts = [
    `the Workflow ended ${status}`,
    { idle: 'the node is idle', working: 'the node still works', unknown: 'the node could not be asked' }[
      host
    ],
    ...(report ? [report.result.message] : []),
    ...(status === 'Succeeded' ? [] : await cordonNote(context)),
  ];
  return {
    message: parts.filter((part) => part !== '').join('; '),
    changes: report?.result.changes ?? [],
    outputs: { ...report?.outputs, host },
  };
};

/** The report must be given whether or not the API answers. */
async function cordonNote({ workload, nodeName }: ApiStepContext): Promise<string[]> {
  try {
    const by = cordonedBy(await workload.get(nodePath(nodeName)));
    return by === undefined ? [] : [`the Node is left cordoned (by ${by})`];
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return [`whether the Node is cordoned is not known: ${error.message}`];
  }
}
