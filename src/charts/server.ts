// The hook server.
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { IMAGE_MAP_CONFIG_MAP, IMAGE_MAP_FOLDER, IMAGE_MAP_KEY } from '../api/install.ts';
import {
  EXTERNAL_PORT,
  EXTERNAL_SERVICE_PORT,
  POLICY_CONFIG_MAP,
  POLICY_KEY,
  SERVER,
  SERVER_NAMESPACE,
  SERVER_PORT,
  serverLabels,
  SERVING_SECRET,
} from './names.ts';
import type { Values } from './values.ts';

const TLS_FOLDER = '/etc/refit/tls';
const POLICY_FOLDER = '/etc/refit/policy';
const CLIENT_CA_FOLDER = '/etc/refit/client-ca';

const metadata = { name: SERVER, namespace: SERVER_NAMESPACE };

export function serverNamespace(scope: Construct): void {
  new k8s.KubeNamespace(scope, 'namespace', {
    metadata: {
      name: SERVER_NAMESPACE,
      labels: {
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      },
    },
  });
}

export function server(scope: Construct, values: Values): void {
  new k8s.KubeServiceAccount(scope, 'service-account', { metadata });
  new k8s.KubeService(scope, 'service', {
    // By which the ServiceMonitor finds it.
    metadata: { ...metadata, labels: serverLabels },
    spec: {
      selector: serverLabels,
      ports: [
        { name: 'https', port: 443, targetPort: k8s.IntOrString.fromNumber(SERVER_PORT) },
        {
          name: 'external',
          port: EXTERNAL_SERVICE_PORT,
          targetPort: k8s.IntOrString.fromNumber(EXTERNAL_PORT),
        },
      ],
    },
  });
  new k8s.KubePodDisruptionBudget(scope, 'pod-disruption-budget', {
    metadata,
    spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: serverLabels } },
  });
  new k8s.KubeDeployment(scope, 'deployment', {
    metadata,
    spec: {
      replicas: values.replicas,
      selector: { matchLabels: serverLabels },
      template: { metadata: { labels: serverLabels }, spec: podSpec(values) },
    },
  });
}

function podSpec(values: Values): k8s.PodSpec {
  const mounts = mounted(values);
  return {
    serviceAccountName: SERVER,
    affinity: {
      podAntiAffinity: {
        // Preferred: a management cluster of one node must work too.
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: { matchLabels: serverLabels },
            },
          },
        ],
      },
    },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumes: mounts.map(({ volume }) => volume),
    containers: [container(values, mounts)],
  };
}

function container({ image, clientCaSecret }: Values, mounts: readonly Mount[]): k8s.Container {
  return {
    name: 'server',
    image,
    command: ['refit'],
    args: [
      'serve',
      '--store=kubernetes',
      `--external-port=${EXTERNAL_PORT}`,
      `--tls-cert-file=${TLS_FOLDER}/tls.crt`,
      `--tls-private-key-file=${TLS_FOLDER}/tls.key`,
      `--policy=${POLICY_FOLDER}/${POLICY_KEY}`,
      `--policy-config-map=${SERVER_NAMESPACE}/${POLICY_CONFIG_MAP}`,
      `--image-map=${IMAGE_MAP_FOLDER}/${IMAGE_MAP_KEY}`,
      ...(clientCaSecret === undefined ? [] : [`--client-ca-file=${CLIENT_CA_FOLDER}/ca.crt`]),
    ],
    ports: [
      { name: 'https', containerPort: SERVER_PORT },
      { name: 'external', containerPort: EXTERNAL_PORT },
    ],
    livenessProbe: { ...probe('/livez'), failureThreshold: 5 },
    readinessProbe: probe('/readyz'),
    resources: {
      requests: { cpu: k8s.Quantity.fromString('100m'), memory: k8s.Quantity.fromString('192Mi') },
      limits: { memory: k8s.Quantity.fromString('512Mi') },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: mounts.map(({ volume, folder }) => ({
      name: volume.name,
      mountPath: folder,
      readOnly: true,
    })),
  };
}

interface Mount {
  volume: k8s.Volume;
  folder: string;
}

function mounted({ clientCaSecret }: Values): Mount[] {
  const secret = (name: string, secretName: string) => ({
    name,
    secret: { secretName, defaultMode: 0o440 },
  });
  return [
    { volume: secret('tls', SERVING_SECRET), folder: TLS_FOLDER },
    { volume: { name: 'policy', configMap: { name: POLICY_CONFIG_MAP } }, folder: POLICY_FOLDER },
    { volume: { name: 'images', configMap: { name: IMAGE_MAP_CONFIG_MAP } }, folder: IMAGE_MAP_FOLDER },
    ...(clientCaSecret === undefined
      ? []
      : [{ volume: secret('client-ca', clientCaSecret), folder: CLIENT_CA_FOLDER }]),
  ];
}

function probe(path: string): k8s.Probe {
  return {
    httpGet: { path, port: k8s.IntOrString.fromNumber(SERVER_PORT), scheme: 'HTTPS' },
    periodSeconds: 10,
    timeoutSeconds: 5,
  };
}
