// The Job in the workload cluster that works on a node, and the Secret with its input. Pure.
import type { V1Job, V1PodSpec, V1Secret } from '@kubernetes/client-node';
import { EXIT } from '../../api/commands.ts';
import { secondsBefore } from '../../api/host-plan.ts';
import {
  INPUT_FOLDER,
  INPUT_KEY,
  NODE_NAMESPACE,
  NODE_SERVICE_ACCOUNT,
  PROGRAM_FOLDER,
} from '../../api/install.ts';
import {
  CLUSTER_NAME_LABEL,
  DESCRIPTION_ANNOTATION,
  INPUT_DIGEST_ANNOTATION,
  MACHINE_LABEL,
  MACHINE_UID_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  OPERATION_LABEL,
} from '../../api/labels.ts';
import { boundedName } from '../../api/names.ts';
import type { NodeInput } from '../../api/node-input.ts';
import { STATE_FOLDER } from '../host/folders.ts';
import { inputDigest } from './node-input.ts';

export interface NodeJobInput {
  /** Names the Job: the same step of the same Workflow always meets the same one. */
  workflow: string;
  /** Of the operation, if it has one. */
  number: number | undefined;
  input: NodeInput;
  /** Upgrader image, by digest. */
  image: string;
}

/** As long as an API server may be away, and some more to start and to report. */
const SLACK_SECONDS = 1200;
/** A step pod that was lost finds the report again; later the node itself still has it. */
const KEEP_SECONDS = 3600;
/** A pod is lost whenever the kubelet is: the next one attaches to what runs on the host. */
const MOST_LOST_PODS = 6;

export const CONTAINER = 'main';

/** What the Job's pods are found by. */
export const jobPods = (name: string): string => `batch.kubernetes.io/job-name=${name}`;

export function nodeJob({ workflow, number, input, image }: NodeJobInput): V1Job {
  const { machine, cluster, node, steps } = input.plan;
  const labels = {
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [CLUSTER_NAME_LABEL]: boundedName(cluster),
    [MACHINE_LABEL]: boundedName(machine.name),
    [MACHINE_UID_LABEL]: machine.uid,
    ...(number === undefined ? {} : { [OPERATION_LABEL]: String(number) }),
  };
  const name = boundedName(workflow, `-${input.step}`);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: NODE_NAMESPACE,
      labels,
      annotations: { [DESCRIPTION_ANNOTATION]: DESCRIPTION, [INPUT_DIGEST_ANNOTATION]: inputDigest(input) },
    },
    spec: {
      backoffLimit: MOST_LOST_PODS,
      podFailurePolicy: {
        rules: [
          {
            action: 'FailJob',
            onExitCodes: { containerName: CONTAINER, operator: 'In', values: [EXIT.failed, EXIT.badInput] },
          },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      activeDeadlineSeconds: secondsBefore(input.step, steps) + input.timeoutSeconds + SLACK_SECONDS,
      ttlSecondsAfterFinished: KEEP_SECONDS,
      template: { metadata: { labels }, spec: podSpec(name, node.name, image) },
    },
  };
}

const DESCRIPTION =
  "Does one step of an in-place update on its node. Privileged and with the host's PIDs: it enters the namespaces of " +
  'the host to start the step there. On the network of the host: it must start when the network of pods is what is ' +
  'broken. It has no token: it needs no API.';

function podSpec(name: string, nodeName: string, image: string): V1PodSpec {
  return {
    // Past the scheduler: the node may be cordoned, tainted or full.
    nodeName,
    tolerations: [{ operator: 'Exists' }],
    priorityClassName: 'system-node-critical',
    serviceAccountName: NODE_SERVICE_ACCOUNT,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostPID: true,
    hostNetwork: true,
    dnsPolicy: 'Default',
    restartPolicy: 'Never',
    // It only follows what the host does by itself: nothing is lost when it ends.
    terminationGracePeriodSeconds: 5,
    containers: [
      {
        name: CONTAINER,
        image,
        imagePullPolicy: 'IfNotPresent',
        command: [`${PROGRAM_FOLDER}/node`, `${PROGRAM_FOLDER}/refit.js`, 'host', 'enter'],
        securityContext: { privileged: true, runAsUser: 0, readOnlyRootFilesystem: true },
        // Up to seven at once on a node that is still full: no pod of it should have to give way to them.
        resources: { requests: { cpu: '10m', memory: '48Mi' } },
        terminationMessagePath: '/dev/termination-log',
        volumeMounts: [
          { name: 'state', mountPath: STATE_FOLDER },
          { name: 'input', mountPath: INPUT_FOLDER, readOnly: true },
        ],
      },
    ],
    volumes: [
      { name: 'state', hostPath: { path: STATE_FOLDER, type: 'DirectoryOrCreate' } },
      { name: 'input', secret: { secretName: name, defaultMode: 0o400 } },
    ],
  };
}

/** Goes with its Job. */
export function inputSecret(job: { name: string; uid: string }, input: NodeInput): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: job.name,
      namespace: NODE_NAMESPACE,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', blockOwnerDeletion: true, ...job }],
    },
    type: 'Opaque',
    immutable: true,
    data: { [INPUT_KEY]: Buffer.from(JSON.stringify(input)).toString('base64') },
  };
}
