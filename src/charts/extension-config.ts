// Tells Cluster API where the hooks are.
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { SERVER, SERVER_NAMESPACE, SERVING_SECRET } from './names.ts';

export function extensionConfig(scope: Construct): void {
  new ApiObject(scope, 'extension-config', {
    apiVersion: 'runtime.cluster.x-k8s.io/v1beta2',
    kind: 'ExtensionConfig',
    metadata: {
      name: 'capi-refit',
      annotations: {
        'runtime.cluster.x-k8s.io/inject-ca-from-secret': `${SERVER_NAMESPACE}/${SERVING_SECRET}`,
      },
    },
    spec: {
      clientConfig: { service: { namespace: SERVER_NAMESPACE, name: SERVER, port: 443 } },
      // Every namespace: where CAPI does not ask, it replaces machines, also those of Clusters that opted in.
      namespaceSelector: {},
    },
  });
}
