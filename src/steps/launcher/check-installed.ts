import { StatusError } from '../../api/errors.ts';
import { NODE_NAMESPACE, NODE_SERVICE_ACCOUNT } from '../../api/install.ts';
import { orAbsent } from '../api/absent.ts';
import { serviceAccountPath } from '../api/paths.ts';
import type { Remote } from './remote.ts';

/** Without its account a Job is taken, and stays without a pod. Errors: Failed, with the remedy. */
export async function checkInstalled({ workload }: Remote): Promise<void> {
  const account = await orAbsent(workload.get(serviceAccountPath(NODE_NAMESPACE, NODE_SERVICE_ACCOUNT)));
  if (account !== undefined) return;
  throw new StatusError(
    `workload cluster: ServiceAccount ${NODE_NAMESPACE}/${NODE_SERVICE_ACCOUNT}: got nothing, expected what ` +
      'dist/refit-node.k8s.yaml installs: apply it there',
    { reason: 'Failed' },
  );
}
