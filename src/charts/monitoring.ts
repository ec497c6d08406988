// For Prometheus (its operator's kinds) and Grafana; a file of its own, since not every site has them.
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { ALERT_RULES } from './alert-rules.ts';
import { dashboard } from './dashboard.ts';
import { SERVER, SERVER_NAMESPACE, serverLabels, SERVING_SECRET } from './names.ts';
import type { Values } from './values.ts';

const API_VERSION = 'monitoring.coreos.com/v1';

export function monitoring(scope: Construct, { monitoring: { labels, runbookUrl } }: Values): void {
  const metadata = { name: SERVER, namespace: SERVER_NAMESPACE, labels: { ...labels } };
  new ApiObject(scope, 'service-monitor', {
    apiVersion: API_VERSION,
    kind: 'ServiceMonitor',
    metadata,
    spec: {
      selector: { matchLabels: serverLabels },
      endpoints: [
        {
          port: 'https',
          scheme: 'https',
          path: '/metrics',
          interval: '30s',
          // Ours name Machines: Prometheus would put the server's own namespace in their place.
          honorLabels: true,
          tlsConfig: {
            serverName: `${SERVER}.${SERVER_NAMESPACE}.svc`,
            ca: { secret: { name: SERVING_SECRET, key: 'ca.crt' } },
          },
        },
      ],
    },
  });
  new ApiObject(scope, 'prometheus-rule', {
    apiVersion: API_VERSION,
    kind: 'PrometheusRule',
    metadata,
    spec: {
      groups: [
        {
          name: 'capi-refit',
          rules: ALERT_RULES.map(({ alert, expr, for: duration, severity, summary }) => ({
            alert,
            expr,
            for: duration,
            labels: { severity },
            annotations: { summary, runbook_url: `${runbookUrl}#${alert.toLowerCase()}` },
          })),
        },
      ],
    },
  });
  // Grafana's sidecar takes ConfigMaps with that label.
  new k8s.KubeConfigMap(scope, 'dashboard', {
    metadata: {
      name: `${SERVER}-dashboard`,
      namespace: SERVER_NAMESPACE,
      labels: { ...labels, grafana_dashboard: '1' },
    },
    data: { 'capi-refit.json': `${JSON.stringify(dashboard(), null, 2)}\n` },
  });
}
