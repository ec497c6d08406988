// Can the Clusters that opted in be updated in place as they are, and do their versions fit together? Pure.
import type { JsonObject } from '../../api/json.ts';
import { CONTROL_PLANE_LABEL, PAUSED_ANNOTATION, PAUSED_BY_US, STRATEGY_IN_PLACE } from '../../api/labels.ts';
import { MAX_KUBELET_SKEW, newest, oldest, parseVersion } from '../../api/version.ts';
import { at, text, texts } from '../../kubernetes/fields.ts';
import { inPlaceProblem } from '../in-place-problem.ts';
import { strategyOf } from '../strategy-of.ts';
import { optedIn, unseenOwners, type ClusterParts } from './clusters.ts';
import type { Check } from './facts.ts';
import { findingsOf, type Finding } from './finding.ts';

export const checkClusters: Check = (facts) => {
  const say = findingsOf('Clusters');
  const unseen = unseenOwners(facts);
  const found = optedIn(facts).flatMap((parts) => {
    const problems = [
      ...pauses(parts),
      ...(parts.strategy === STRATEGY_IN_PLACE ? inPlaceProblems(parts) : []),
    ];
    if (problems.length > 0 || unseen.length > 0) return problems;
    return [say.ok(`${parts.name}: can be updated in place`)];
  });
  return [...unseen.map((why) => say.unknown(why)), ...found];
};

function pauses({ cluster, name, controlPlanes, machineDeployments }: ClusterParts): Finding[] {
  const say = findingsOf('Clusters');
  const isPaused = at(cluster, 'spec', 'paused') === true;
  return [
    ...(isPaused ? [say.warning(`${name} is paused: nothing happens to it`, 'set spec.paused: false')] : []),
    ...[...controlPlanes, ...machineDeployments].flatMap(pauseOf),
  ];
}

function pauseOf(owner: JsonObject): Finding[] {
  const say = findingsOf('Clusters');
  const pause = texts(owner, 'metadata', 'annotations')[PAUSED_ANNOTATION];
  if (pause === undefined) return [];
  if (pause === PAUSED_BY_US) {
    const remedy =
      'refit status says why; leave the pause: without it Cluster API would replace its Machines';
    return [say.warning(`${nameOf(owner)} is held by Refit for its upgrade`, remedy)];
  }
  const remedy = `ask who paused it; then remove annotation ${PAUSED_ANNOTATION}`;
  return [say.warning(`${nameOf(owner)} is paused by somebody else: nothing happens to it`, remedy)];
}

function inPlaceProblems({ controlPlanes, machineDeployments }: ClusterParts): Finding[] {
  const say = findingsOf('Clusters');
  const owners = [
    ...controlPlanes.map((owner) => ['KubeadmControlPlane', owner] as const),
    ...machineDeployments.map((owner) => ['MachineDeployment', owner] as const),
  ];
  return owners.flatMap(([kind, owner]) => {
    const found = strategyOf(owner) === undefined ? inPlaceProblem(kind, owner) : undefined;
    return found ? [say.error(`${nameOf(owner)}: ${found.problem}`, found.remedy)] : [];
  });
}

export const checkSkew: Check = (facts) => {
  const say = findingsOf('skew');
  if ('unknown' in facts.machines) return [say.unknown(facts.machines.unknown)];
  return optedIn(facts).flatMap(({ name, machines }) => {
    const versions = machines.map((machine) => ({
      machine,
      version: text(machine, 'status', 'nodeInfo', 'kubeletVersion'),
    }));
    const isControlPlane = (machine: JsonObject): boolean =>
      CONTROL_PLANE_LABEL in texts(machine, 'metadata', 'labels');
    const servers = versions
      .filter(({ machine }) => isControlPlane(machine))
      .flatMap(({ version }) => version ?? []);
    const [lowest, highest] = [oldest(servers), newest(servers)];
    if (lowest === undefined || highest === undefined)
      return [say.unknown(`${name}: no control-plane Node reports a version`)];
    const found = versions.flatMap(({ machine, version }) =>
      version === undefined
        ? []
        : skewOf(nameOf(machine), version, { lowest, highest, isControlPlane: isControlPlane(machine) }),
    );
    return found.length > 0 ? found : [say.ok(`${name}: fits, API server ${lowest}`)];
  });
};

interface ApiServers {
  lowest: string;
  highest: string;
  isControlPlane: boolean;
}

/** A kubelet must fit to each of them. While a control plane is upgraded, its own new kubelets are above its oldest one. */
function skewOf(name: string, version: string, { lowest, highest, isControlPlane }: ApiServers): Finding[] {
  const say = findingsOf('skew');
  const minorsBelow = (server: string): number =>
    parseVersion(server, 'Node').minor - parseVersion(version, 'Node').minor;
  if (minorsBelow(highest) > MAX_KUBELET_SKEW)
    return [
      say.error(
        `${name}: ${version}, too old for API server ${highest}`,
        'upgrade it before the control plane goes on',
      ),
    ];
  if (minorsBelow(lowest) < (isControlPlane ? -1 : 0))
    return [
      say.error(`${name}: ${version}, newer than API server ${lowest}`, 'upgrade the control plane first'),
    ];
  return [];
}

function nameOf(object: JsonObject): string {
  return `${text(object, 'kind') ?? 'Machine'} ${text(object, 'metadata', 'namespace') ?? ''}/${text(object, 'metadata', 'name') ?? ''}`;
}
