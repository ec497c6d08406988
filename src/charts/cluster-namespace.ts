// What a namespace with Clusters needs. The namespace itself is the site's own.
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import { imageMapConfigMap } from './config.ts';
import { serverRole, workflowRole } from './rbac.ts';
import type { ClusterNamespace, Values } from './values.ts';

export function clusterNamespace(scope: Construct, namespace: ClusterNamespace, values: Values): void {
  new k8s.KubeServiceAccount(scope, 'workflow-service-account', {
    metadata: { name: WORKFLOW_SERVICE_ACCOUNT, namespace: namespace.name },
  });
  workflowRole(scope, namespace, values);
  serverRole(scope, namespace, values);
  imageMapConfigMap(scope, namespace.name, values);
}
