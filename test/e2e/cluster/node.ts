// One node: a machine of systemd-nspawn in a network namespace and below control groups of its own.
import { readdirSync, readFileSync } from 'node:fs';
import {
  boot,
  type Booted,
  isAlive,
  leaderOf,
  type MachineSpec,
  powerOff,
  runIn,
  startIn,
} from '../../host/nspawn.ts';
import type { E2eNode } from './connect.ts';
import type { ClusterDescription, ClusterLayout, NodeDescription } from './folder.ts';
import { createCgroups, removeCgroups } from './kernel.ts';
import { attachNode, namespacePath } from './network.ts';

export function nodeOf(
  layout: ClusterLayout,
  cluster: ClusterDescription,
  description: NodeDescription,
): E2eNode {
  const { name, role, address } = description;
  const { root } = layout.node(name);
  let known: Booted | undefined;
  /** Looked at anew each time: any process may have reset it, and its numbers may be another program's. */
  const leader = (): number => {
    if (!known || !isMachine(known.nspawn, root) || !isAlive(known.leader)) known = findMachine(root);
    if (!known) throw new Error(`node ${name}: got no machine, expected a running one`);
    return known.leader;
  };
  return {
    name,
    role,
    address,
    root,
    run: (argv, stdin) => runIn(leader(), argv, stdin),
    start: (argv, stdin) => startIn(leader(), argv, stdin),
    async reset() {
      await switchOff(root);
      await switchOn(layout, cluster, description);
    },
  };
}

/** System calls that containers' keyrings and control groups need. */
const CALLS = 'add_key keyctl bpf perf_event_open';

/** Errors: the end of its console. */
export async function switchOn(
  layout: ClusterLayout,
  cluster: ClusterDescription,
  node: NodeDescription,
): Promise<void> {
  await attachNode(cluster, node);
  // Of an earlier boot: a kubelet would look for the containers in them, seconds for each.
  await removeCgroups(cgroupName(cluster, node));
  const { root, console } = layout.node(node.name);
  const spec: MachineSpec = {
    name: node.name,
    root,
    console,
    options: [`--network-namespace-path=${namespacePath(cluster.id, node)}`, ...NODE_OPTIONS],
    cgroups: createCgroups(cgroupName(cluster, node)),
    stays: true,
  };
  await boot(spec);
}

/** For a kubelet and containers. */
export const NODE_OPTIONS = [
  `--system-call-filter=${CALLS}`,
  ...['--bind=/dev/kmsg', '--resolv-conf=off', '--timezone=off'],
];

export const cgroupName = ({ id }: ClusterDescription, { name }: NodeDescription): string =>
  `refit-${id}-${name}`;

/** Also one that is still starting. */
export async function switchOff(root: string): Promise<void> {
  for (const nspawn of machinesOn(root)) {
    const leader = leaderOf(nspawn);
    await powerOff({ nspawn, leader: leader ?? nspawn });
  }
}

function findMachine(root: string): Booted | undefined {
  const nspawn = machinesOn(root)[0];
  const leader = nspawn === undefined ? undefined : leaderOf(nspawn);
  return nspawn === undefined || leader === undefined ? undefined : { nspawn, leader };
}

function machinesOn(root: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isMachine(pid, root));
}

/** Does this process run the machine on that file tree? */
function isMachine(pid: number, root: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words[0] === 'systemd-nspawn' && words[words.indexOf('-D') + 1] === root;
  } catch {
    return false;
  }
}
