// Which manifests go into which file of dist/: one Chart each, to be applied at different places and times.
import { App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { admission } from './admission.ts';
import { certificate } from './certificate.ts';
import { clusterNamespace } from './cluster-namespace.ts';
import { checkValues, imageMapConfigMap, policyConfigMap } from './config.ts';
import { extensionConfig } from './extension-config.ts';
import { monitoring } from './monitoring.ts';
import { SERVER_NAMESPACE } from './names.ts';
import { networkPolicy } from './network-policy.ts';
import { node } from './node.ts';
import { serverClusterRole } from './rbac.ts';
import { server, serverNamespace } from './server.ts';
import { steps } from './steps.ts';
import type { Values } from './values.ts';

/** Errors: BadInput naming what is wrong in the values. */
export function addCharts(scope: Construct, values: Values, version: string): void {
  checkValues(values);
  const labels = { 'app.kubernetes.io/part-of': 'capi-refit', 'app.kubernetes.io/version': version };
  const chart = (id: string): Chart => new Chart(scope, id, { labels });

  const management = chart('refit-server');
  serverNamespace(management);
  policyConfigMap(management, values);
  imageMapConfigMap(management, SERVER_NAMESPACE, values);
  serverClusterRole(management);
  certificate(management);
  server(management, values);
  networkPolicy(management, values);
  extensionConfig(management);
  admission(management);

  // A file of its own: step templates of older versions stay while operations use them.
  steps(chart('refit-steps'), values, version);
  for (const namespace of values.clusterNamespaces) {
    clusterNamespace(chart(`refit-cluster-namespace-${namespace.name}`), namespace, values);
  }
  node(chart('refit-node'));
  monitoring(chart('refit-monitoring'), values);
}

export interface Manifests {
  /** Of the file in dist/, without `.k8s.yaml`. */
  name: string;
  manifests: unknown[];
}

/** The whole installation in process, nothing written. Errors: BadInput. */
export function synthAll(values: Values, version: string): Manifests[] {
  const app = new App();
  addCharts(app, values, version);
  return app.charts.map((chart) => ({ name: chart.node.id, manifests: chart.toJson() as unknown[] }));
}
