// The Clusters that Refit works on, with their owners of Machines and these. Pure.
import { clusterNameOf } from '../../api/external-owner.ts';
import { knownExternal } from '../../api/external-record.ts';
import type { JsonObject } from '../../api/json.ts';
import {
  CONTROL_PLANE_LABEL,
  DEPLOYMENT_NAME_LABEL,
  OPERATION_ANNOTATION,
  PAUSED_ANNOTATION,
  RETRY_ANNOTATION,
} from '../../api/labels.ts';
import { machineView } from '../../hook/kubernetes/views.ts';
import type { MachineView, WorkflowView } from '../../hook/store.ts';
import { at, text, texts } from '../../kubernetes/fields.ts';
import { strategyOf } from '../strategy-of.ts';
import { machineStatus } from './machine-status.ts';
import { refusals } from './refusals.ts';
import type { ClusterStatus, MachineStatus, OwnerStatus, StatusOutput } from './types.ts';

/** Objects of the management cluster, as they are. */
export interface StatusFacts {
  clusters: readonly JsonObject[];
  machines: readonly JsonObject[];
  controlPlanes: readonly JsonObject[];
  deployments: readonly JsonObject[];
  /** Those that say why Refit refuses. */
  events: readonly JsonObject[];
  /** Of the operations that have not ended. */
  workflows: readonly WorkflowView[];
  /** Only this one, whether it opted in or not. */
  cluster?: string;
}

type Owner = Omit<OwnerStatus, 'machines'>;

export function statusOutput(facts: StatusFacts, now: Date): StatusOutput {
  const machines = facts.machines.map(machineView);
  const clusters = facts.clusters
    .filter((cluster) => isShown(cluster, facts, machines))
    .map((cluster) => clusterStatus(cluster, facts, machines, now));
  return {
    at: now.toISOString(),
    clusters: clusters.sort((a, b) => byName(a.namespace, b.namespace) || byName(a.name, b.name)),
  };
}

function isShown(cluster: JsonObject, facts: StatusFacts, machines: readonly MachineView[]): boolean {
  if (facts.cluster !== undefined) return text(cluster, 'metadata', 'name') === facts.cluster;
  if (strategyOf(cluster) !== undefined) return true;
  const owners = [...facts.controlPlanes, ...facts.deployments];
  return (
    owners.some((owner) => isOf(owner, cluster) && strategyOf(owner) !== undefined) ||
    machines.some((machine) => isMachineOf(machine, cluster) && OPERATION_ANNOTATION in machine.annotations)
  );
}

function clusterStatus(
  cluster: JsonObject,
  facts: StatusFacts,
  machines: readonly MachineView[],
  now: Date,
): ClusterStatus {
  const name = text(cluster, 'metadata', 'name') ?? '';
  const isPaused = at(cluster, 'spec', 'paused') === true;
  const owners: Owner[] = [
    ...facts.controlPlanes.filter((owner) => isOf(owner, cluster)).map(controlPlane),
    ...facts.deployments.filter((owner) => isOf(owner, cluster)).map(deployment),
  ];
  const own = machines.filter((machine) => isMachineOf(machine, cluster));
  const groups = new Map<Owner, MachineStatus[]>(owners.map((owner) => [owner, []]));
  const none: Owner = { kind: 'none', name: '', paused: false };
  const told = refusals(facts.events);
  for (const machine of own) {
    const owner = owners.find((candidate) => owns(candidate, machine)) ?? none;
    const status = machineStatus(
      {
        machine,
        ...optional(
          'workflow',
          facts.workflows.find((workflow) => isWorkflowOf(workflow, machine)),
        ),
        ...optional('refusal', told.get(machine.uid)),
        ...optional('wanted', owner.version),
        ...optional('paused', pausedOf(isPaused, name, owner)),
      },
      now,
    );
    groups.set(owner, [...(groups.get(owner) ?? []), status]);
  }
  return {
    namespace: text(cluster, 'metadata', 'namespace') ?? '',
    name,
    ...optional('strategy', strategyOf(cluster)),
    paused: isPaused,
    owners: [...groups].map(([owner, list]) => ({
      ...owner,
      machines: list.sort((a, b) => byName(a.name, b.name)),
    })),
  };
}

function controlPlane(owner: JsonObject): Owner {
  return {
    kind: 'KubeadmControlPlane',
    ...common(owner),
    ...optional('version', text(owner, 'spec', 'version')),
  };
}

function deployment(owner: JsonObject): Owner {
  const version = text(owner, 'spec', 'template', 'spec', 'version');
  return { kind: 'MachineDeployment', ...common(owner), ...optional('version', version) };
}

function common(owner: JsonObject): Pick<Owner, 'name' | 'strategy' | 'paused' | 'upgrade' | 'retry'> {
  const annotations = texts(owner, 'metadata', 'annotations');
  return {
    name: text(owner, 'metadata', 'name') ?? '',
    ...optional('strategy', strategyOf(owner)),
    paused: PAUSED_ANNOTATION in annotations,
    ...optional('upgrade', knownExternal(annotations)),
    ...(RETRY_ANNOTATION in annotations ? { retry: true } : {}),
  };
}

function owns({ kind, name }: Owner, { labels }: MachineView): boolean {
  if (kind === 'KubeadmControlPlane') return CONTROL_PLANE_LABEL in labels;
  return labels[DEPLOYMENT_NAME_LABEL] === name && !(CONTROL_PLANE_LABEL in labels);
}

function pausedOf(
  isClusterPaused: boolean,
  cluster: string,
  { kind, name, paused }: Owner,
): string | undefined {
  if (isClusterPaused) return `Cluster ${cluster}`;
  return paused ? `${kind} ${name}` : undefined;
}

function isOf(owner: JsonObject, cluster: JsonObject): boolean {
  return (
    isInNamespaceOf(text(owner, 'metadata', 'namespace'), cluster) &&
    clusterNameOf(owner) === text(cluster, 'metadata', 'name')
  );
}

function isMachineOf(machine: MachineView, cluster: JsonObject): boolean {
  return isInNamespaceOf(machine.namespace, cluster) && machine.cluster === text(cluster, 'metadata', 'name');
}

function isWorkflowOf(workflow: WorkflowView, machine: MachineView): boolean {
  return workflow.namespace === machine.namespace && workflow.machine === machine.name;
}

function isInNamespaceOf(namespace: string | undefined, cluster: JsonObject): boolean {
  return namespace === text(cluster, 'metadata', 'namespace');
}

function optional<K extends string, V>(key: K, value: V | undefined): { [k in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [k in K]?: V });
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
