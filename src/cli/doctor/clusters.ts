// The Clusters that opted in, with what belongs to them. Pure.
import { clusterNameOf } from '../../api/external-owner.ts';
import type { JsonObject } from '../../api/json.ts';
import { CONTROL_PLANE_LABEL, DEPLOYMENT_NAME_LABEL, STRATEGY_EXTERNAL } from '../../api/labels.ts';
import { text, texts } from '../../kubernetes/fields.ts';
import { strategyOf } from '../strategy-of.ts';
import { known, type DoctorFacts } from './facts.ts';

export interface ClusterParts {
  cluster: JsonObject;
  /** `namespace/name` */
  name: string;
  /** Label of the Cluster. */
  strategy?: string;
  controlPlanes: JsonObject[];
  machineDeployments: JsonObject[];
  machines: JsonObject[];
}

type ClusterObjects = Pick<DoctorFacts, 'clusters' | 'controlPlanes' | 'machineDeployments' | 'machines'>;

/** By a label of the Cluster, or of one of its owners of Machines. */
export function optedIn(facts: ClusterObjects): ClusterParts[] {
  return (known(facts.clusters) ?? []).map((cluster) => parts(cluster, facts)).filter(isOptedIn);
}

/** The Machines that Refit upgrades in place of Cluster API. */
export function externalMachines({
  controlPlanes,
  machineDeployments,
  machines,
}: ClusterParts): JsonObject[] {
  const isExternal = (owner: JsonObject): boolean => strategyOf(owner) === STRATEGY_EXTERNAL;
  const deployments = machineDeployments.filter(isExternal).map((owner) => text(owner, 'metadata', 'name'));
  return machines.filter((machine) => {
    const labels = texts(machine, 'metadata', 'labels');
    if (CONTROL_PLANE_LABEL in labels) return controlPlanes.some(isExternal);
    return deployments.includes(labels[DEPLOYMENT_NAME_LABEL] ?? '');
  });
}

/** Why it is not known who has opted in, or with what. */
export function unseenOwners({ clusters, controlPlanes, machineDeployments }: ClusterObjects): string[] {
  return [clusters, controlPlanes, machineDeployments].flatMap((looked) =>
    'unknown' in looked ? [looked.unknown] : [],
  );
}

function parts(cluster: JsonObject, facts: ClusterObjects): ClusterParts {
  const [namespace, name] = [text(cluster, 'metadata', 'namespace'), text(cluster, 'metadata', 'name')];
  const own = (objects: readonly JsonObject[] | undefined): JsonObject[] =>
    (objects ?? []).filter(
      (object) => text(object, 'metadata', 'namespace') === namespace && clusterNameOf(object) === name,
    );
  const strategy = strategyOf(cluster);
  return {
    cluster,
    name: `${namespace ?? ''}/${name ?? ''}`,
    ...(strategy === undefined ? {} : { strategy }),
    controlPlanes: own(known(facts.controlPlanes)),
    machineDeployments: own(known(facts.machineDeployments)),
    machines: own(known(facts.machines)),
  };
}

function isOptedIn({ strategy, controlPlanes, machineDeployments }: ClusterParts): boolean {
  return (
    strategy !== undefined ||
    [...controlPlanes, ...machineDeployments].some((owner) => strategyOf(owner) !== undefined)
  );
}

/** Versions that owners ask for, each once, with one that does. */
export function wantedVersions(facts: DoctorFacts): { version: string; by: string }[] {
  const found = new Map<string, string>();
  for (const { controlPlanes, machineDeployments } of optedIn(facts)) {
    for (const owner of [...controlPlanes, ...machineDeployments]) {
      const version = text(owner, 'spec', 'version') ?? text(owner, 'spec', 'template', 'spec', 'version');
      const by = `${text(owner, 'kind') ?? 'owner'} ${text(owner, 'metadata', 'namespace') ?? ''}/${text(owner, 'metadata', 'name') ?? ''}`;
      if (version !== undefined && !found.has(version)) found.set(version, by);
    }
  }
  return [...found].map(([version, by]) => ({ version, by }));
}
