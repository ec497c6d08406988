import { protection } from '../../api/protection.ts';
import { text, texts } from '../../kubernetes/fields.ts';
import type { ApiStep } from './api-step.ts';
import { annotateMachine, machineFailed } from './machine.ts';

/** Holds back remediation and deletion of the Machine. Errors: Failed when it is being deleted already. */
export const protect: ApiStep = async (context) => {
  const isChanged = await annotateMachine(context, (machine) => {
    if (text(machine, 'metadata', 'deletionTimestamp') !== undefined) {
      throw machineFailed(context.flags, 'is being deleted');
    }
    return protection(texts(machine, 'metadata', 'annotations'), context.clock.now());
  });
  return {
    message: 'remediation and deletion are held back',
    changes: isChanged ? [{ what: 'Machine' }] : [],
  };
};
