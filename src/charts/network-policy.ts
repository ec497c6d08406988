// Who may talk to the server, and to whom it may talk.
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { EXTERNAL_PORT, SERVER, SERVER_NAMESPACE, SERVER_PORT, serverLabels } from './names.ts';
import type { Values } from './values.ts';

export function networkPolicy(scope: Construct, values: Values): void {
  new k8s.KubeNetworkPolicy(scope, 'network-policy', {
    metadata: { name: SERVER, namespace: SERVER_NAMESPACE },
    spec: {
      podSelector: { matchLabels: serverLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [...values.callerNamespaces, ...values.metricsNamespaces].map(namespace),
          ports: [port(SERVER_PORT)],
        },
        // Admission is asked by the API server, which is no pod either; what changes something there is authenticated.
        { ports: [port(EXTERNAL_PORT)] },
      ],
      egress: [
        { to: [namespace('kube-system')], ports: [port(53, 'UDP'), port(53)] },
        // The API server is no pod: only its ports can be named.
        { ports: values.apiServerPorts.map((number) => port(number)) },
      ],
    },
  });
}

function namespace(name: string): k8s.NetworkPolicyPeer {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } };
}

function port(number: number, protocol = 'TCP'): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(number), protocol };
}
