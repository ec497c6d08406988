import { CLUSTER_NAME_LABEL } from '../../../src/api/labels.ts';
import type { LabCluster } from './cluster.ts';
import { API, declare } from './objects.ts';
import type { Site } from './site.ts';

/** Has CAPI replace any machine of a Cluster whose Node was not Ready for so long. */
export async function declareHealthCheck(site: Site, { name }: LabCluster, seconds: number): Promise<void> {
  const states = ['False', 'Unknown'];
  const spec = {
    clusterName: name,
    selector: { matchLabels: { [CLUSTER_NAME_LABEL]: name } },
    checks: {
      unhealthyNodeConditions: states.map((status) => ({ type: 'Ready', status, timeoutSeconds: seconds })),
    },
    remediation: { triggerIf: { unhealthyLessThanOrEqualTo: '100%' } },
  };
  await declare(site, [{ apiVersion: API.cluster, kind: 'MachineHealthCheck', metadata: { name }, spec }]);
}
