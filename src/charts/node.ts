// What each workload cluster needs: a place for the privileged Jobs that work on its nodes.
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { NODE_NAMESPACE, NODE_SERVICE_ACCOUNT } from '../api/install.ts';
import { DESCRIPTION_ANNOTATION } from '../api/labels.ts';

export function node(scope: Construct): void {
  new k8s.KubeNamespace(scope, 'namespace', {
    metadata: {
      name: NODE_NAMESPACE,
      labels: { 'pod-security.kubernetes.io/enforce': 'privileged' },
      annotations: {
        [DESCRIPTION_ANNOTATION]:
          "Privileged: its Jobs enter the host's namespaces to replace the Kubernetes components of the node. " +
          'Whoever may create pods here is root on every node.',
      },
    },
  });
  new k8s.KubeServiceAccount(scope, 'service-account', {
    metadata: {
      name: NODE_SERVICE_ACCOUNT,
      namespace: NODE_NAMESPACE,
      annotations: { [DESCRIPTION_ANNOTATION]: 'No permissions and no token: a node Job needs no API.' },
    },
    automountServiceAccountToken: false,
  });
}
