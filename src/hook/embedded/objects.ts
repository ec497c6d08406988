// The objects of the simulated management cluster, with the API server's rules for writing them.
import { StatusError } from '../../api/errors.ts';
import { CLUSTER_NAME_LABEL, CONTROL_PLANE_LABEL } from '../../api/labels.ts';
import type { Role } from '../../api/steps.ts';
import type { ClusterView, MachineDeploymentView, MachineView } from '../store.ts';
import { createNode, type NodeInput, type SimulatedNode } from './node.ts';

export interface ClusterInput {
  namespace: string;
  name: string;
  uid?: string;
  labels?: Readonly<Record<string, string>>;
  policyOverride?: string;
}

export interface MachineInput {
  namespace: string;
  name: string;
  /** Made up when absent: a name that is used again is another Machine. */
  uid?: string;
  cluster: string;
  role: Role;
  /** spec.version */
  version: string;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** What its node is at, otherwise as spec.version; null: it has no node. */
  node?: Partial<Pick<NodeInput, 'version' | 'hash' | 'containerd' | 'cni'>> | null;
}

export type MachineDeploymentInput = Omit<MachineDeploymentView, 'uid' | 'seenAt'> & { uid?: string };

export type Annotations = Readonly<Record<string, string | null>>;

export function createObjects(changed: (machine: MachineView) => void) {
  const clusters = new Map<string, ClusterView>();
  const machines = new Map<string, MachineView>();
  const machineDeployments = new Map<string, MachineDeploymentView>();
  const nodes = new Map<string, SimulatedNode>();
  let counter = 0;

  const newUid = (): string => `00000000-0000-4000-8000-${String((counter += 1)).padStart(12, '0')}`;

  /** A write that changes nothing is none. */
  function update(machine: MachineView, fields: Partial<MachineView>): MachineView {
    const merged = { ...machine, ...fields };
    if (JSON.stringify(merged) === JSON.stringify(machine)) return machine;
    const updated = { ...merged, resourceVersion: String((counter += 1)) };
    machines.set(key(machine), updated);
    changed(updated);
    return updated;
  }

  function current(namespace: string, name: string): MachineView {
    const machine = machines.get(key({ namespace, name }));
    if (!machine) throw new StatusError(`Machine ${namespace}/${name} not found`, { reason: 'NotFound' });
    return machine;
  }

  return {
    clusters,
    machines,
    machineDeployments,

    addCluster({ uid = newUid(), labels = {}, ...names }: ClusterInput): ClusterView {
      const cluster = { ...names, uid, labels };
      clusters.set(key(cluster), cluster);
      return cluster;
    },

    addMachineDeployment(input: MachineDeploymentInput, seenAt: number): MachineDeploymentView {
      const known = machineDeployments.get(key(input));
      const isSeen = known?.generation === input.generation;
      const view = {
        ...input,
        uid: input.uid ?? known?.uid ?? newUid(),
        seenAt: isSeen ? known.seenAt : seenAt,
      };
      machineDeployments.set(key(view), view);
      return view;
    },

    addMachine(input: MachineInput): MachineView {
      const { namespace, name, cluster, role, version, uid = newUid(), annotations = {} } = input;
      const roleLabel: Record<string, string> = role === 'control-plane' ? { [CONTROL_PLANE_LABEL]: '' } : {};
      const labels = { [CLUSTER_NAME_LABEL]: cluster, ...roleLabel, ...input.labels };
      const node =
        input.node === null ? undefined : createNode({ name, uid: newUid(), role, version, ...input.node });
      const machine: MachineView = {
        ...{ namespace, name, uid, cluster, version, labels, annotations },
        ...(node ? nodeStatus(node) : {}),
        resourceVersion: String((counter += 1)),
        deleting: false,
        restsSince: -Infinity,
      };
      if (node) nodes.set(key(input), node);
      else nodes.delete(key(input));
      machines.set(key(input), machine);
      changed(machine);
      return machine;
    },

    /** Errors: NotFound. */
    updateMachine(
      namespace: string,
      name: string,
      fields: { version: string } | { deleting: true; deletingSince: string },
    ): MachineView {
      return update(current(namespace, name), fields);
    },

    /** Errors: NotFound, Conflict. */
    annotate({ namespace, name, resourceVersion }: MachineView, annotations: Annotations): MachineView {
      const machine = current(namespace, name);
      if (machine.resourceVersion !== resourceVersion) {
        throw new StatusError(
          `Machine ${namespace}/${name}: resourceVersion: got ${resourceVersion}, expected ${machine.resourceVersion}`,
          { reason: 'Conflict' },
        );
      }
      const merged: Annotations = { ...machine.annotations, ...annotations };
      const kept = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null);
      return update(machine, { annotations: Object.fromEntries(kept) });
    },

    node: (namespace: string, name: string): SimulatedNode | undefined => nodes.get(key({ namespace, name })),

    /** The other nodes of the Machine's Cluster. */
    peers: ({ namespace, name, cluster }: MachineView): SimulatedNode[] =>
      [...machines.values()]
        .filter((other) => other.namespace === namespace && other.cluster === cluster && other.name !== name)
        .flatMap((other) => nodes.get(key(other)) ?? []),

    /** Cluster API copies into the Machine's status what the Node reports. */
    mirrorNode({ namespace, name }: { namespace: string; name: string }): void {
      const [machine, node] = [machines.get(key({ namespace, name })), nodes.get(key({ namespace, name }))];
      if (machine && node) update(machine, nodeStatus(node));
    },
  };
}

export type Objects = ReturnType<typeof createObjects>;

export function key({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

function nodeStatus(node: SimulatedNode) {
  return { nodeName: node.name, kubeletVersion: node.versions.kubelet, nodeReady: node.ready };
}
