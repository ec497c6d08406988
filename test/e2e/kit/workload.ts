// What runs in the cluster while its nodes are upgraded: a web server of two replicas that a PodDisruptionBudget protects,
// and on each node a pod that counts in a file of that node.
import path from 'node:path';
import type { JsonObject } from '../../../src/api/json.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { PODS } from '../../../src/steps/api/paths.ts';
import { MIRROR_ANNOTATION } from '../../../src/steps/api/evictable.ts';
import { expectOk } from '../../apiserver/api.ts';
import { applyTo } from '../../apiserver/apply.ts';
import { eventually } from '../../helpers/eventually.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { e2eImages } from '../images/images.ts';
import { nodePort } from './node-port.ts';
import type { Site } from './site.ts';

export const NAMESPACE = 'e2e';
export const BUDGET = 'web';
const WEB_PORT = 8080;
const WEB_LABELS = { app: 'web' };
const COUNTER_FOLDER = 'var/lib/e2e-counter';
const READY_SECONDS = 120;

/** Again is harmless. Resolves when all of it is ready. */
export async function deployWorkload(site: Site): Promise<void> {
  const image = await workloadImage();
  const counters = site.cluster.nodes.map(({ name }) => counter(name, image));
  await applyTo(site.api)([namespace(), budget(), web(image), ...counters]);
  const wanted = [
    'deployments/web',
    ...counters.map((one) => `statefulsets/${text(one, 'metadata', 'name')}`),
  ];
  await eventually(
    'workload ready',
    async () => {
      const answers = await Promise.all(
        wanted.map((one) => expectOk(site.api.get(`/apis/apps/v1/namespaces/${NAMESPACE}/${one}`))),
      );
      const missing = wanted.filter((_, index) => !isReady(answers[index] ?? {}));
      return missing.length === 0 || `not ready: ${missing.join(', ')}`;
    },
    READY_SECONDS,
  );
}

/** At that node's address, wherever its pods are. */
export async function webUrl(site: Site, through: E2eNode): Promise<string> {
  const service = { namespace: NAMESPACE, name: 'web', labels: WEB_LABELS, port: WEB_PORT };
  return `http://${through.address}:${await nodePort(site, service)}/`;
}

/** From outside of the node. */
export function counterFile({ root }: E2eNode): string {
  return path.join(root, COUNTER_FOLDER, 'counter');
}

/** Of the containers of each pod that the API shows, by its UID; static pods are not ordinary ones. */
export async function restarts({ api }: Site): Promise<Map<string, number>> {
  const pods = list(await expectOk(api.get(PODS)), 'items');
  const ordinary = pods.filter((pod) => at(pod, 'metadata', 'annotations', MIRROR_ANNOTATION) === undefined);
  return new Map(
    ordinary.map((pod) => {
      const counts = list(pod, 'status', 'containerStatuses').map((one) => Number(at(one, 'restartCount')));
      return [text(pod, 'metadata', 'uid') ?? '', counts.reduce((sum, count) => sum + count, 0)];
    }),
  );
}

/** Of pods that were there before and still are: those that a drain moved were not restarted, but replaced. */
export function restartsSince(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number {
  return [...before].reduce((sum, [uid, count]) => sum + Math.max(0, (now.get(uid) ?? count) - count), 0);
}

export async function workloadImage(): Promise<string> {
  const image = (await e2eImages(['workload'])).find(({ name }) => name.endsWith('/workload'));
  if (!image) throw new Error('images of the cluster: got none of name .../workload, expected one');
  return `${image.name}@${image.digest}`;
}

function isReady(object: JsonObject): boolean {
  const wanted = at(object, 'spec', 'replicas');
  return (
    at(object, 'status', 'readyReplicas') === wanted &&
    at(object, 'status', 'observedGeneration') === at(object, 'metadata', 'generation')
  );
}

function namespace(): JsonObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
}

function budget(): JsonObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { namespace: NAMESPACE, name: BUDGET },
    spec: { minAvailable: 1, selector: { matchLabels: WEB_LABELS } },
  };
}

function web(image: string): JsonObject {
  const container = {
    ...{ name: 'web', image, imagePullPolicy: 'IfNotPresent', args: ['serve', '--port', String(WEB_PORT)] },
    readinessProbe: { httpGet: { path: '/', port: WEB_PORT }, periodSeconds: 1 },
    // Nodes must have learned that it is no endpoint any more before it ends.
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  };
  const spread = {
    ...{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    labelSelector: { matchLabels: WEB_LABELS },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: NAMESPACE, name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: WEB_LABELS },
      template: {
        metadata: { labels: WEB_LABELS },
        spec: { containers: [container], topologySpreadConstraints: [spread], tolerations: ON_CONTROL_PLANE },
      },
    },
  };
}

/** Its data is on the node, so it waits there until it may go on. */
function counter(node: string, image: string): JsonObject {
  const labels = { app: 'counter', node };
  const container = {
    ...{
      name: 'counter',
      image,
      imagePullPolicy: 'IfNotPresent',
      args: ['count', '--file', '/data/counter'],
    },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const volume = { name: 'data', hostPath: { path: `/${COUNTER_FOLDER}`, type: 'DirectoryOrCreate' } };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { namespace: NAMESPACE, name: `counter-${node}` },
    spec: {
      replicas: 1,
      serviceName: 'counter',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [container],
          volumes: [volume],
          nodeSelector: { 'kubernetes.io/hostname': node },
          tolerations: ON_CONTROL_PLANE,
          terminationGracePeriodSeconds: 5,
        },
      },
    },
  };
}

/** Ordinary pods are there, too; a cordon is not tolerated. */
const ON_CONTROL_PLANE: JsonObject[] = [
  { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
];
