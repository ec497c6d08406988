import { StatusError } from '../../api/errors.ts';
import type { ApiStep } from './api-step.ts';
import { forgetCertificateDate } from './certificate-date.ts';
import { roleOf } from './machine.ts';

/** Cluster API would go on counting to the date of the old certificates, and replace the Machine then. */
export const afterRenewCertificates: ApiStep = async (context) => {
  const { machine, nodeName, report } = context;
  if (!report) throw new StatusError(`Node ${nodeName}: has not reported`, { reason: 'Failed' });
  const { message, changes, outcome } = report.result;
  const isForgotten =
    outcome === 'changed' && roleOf(machine) === 'control-plane' && (await forgetCertificateDate(context));
  return { message, changes: [...changes, ...(isForgotten ? [{ what: 'KubeadmConfig' }] : [])] };
};
