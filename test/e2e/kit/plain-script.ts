// The commands that Kubernetes' documentation gives for an upgrade with kubeadm, with their times: what Refit is compared
// with. https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-upgrade/
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { nodePath } from '../../../src/steps/api/paths.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { tool } from '../../tools/build.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { nodeState } from './node-state.ts';
import { runOn } from './run-on.ts';
import { firstNode, type Site } from './site.ts';
import { NEW } from './versions.ts';
import type { Own } from './watched.ts';

const PROGRAMS = ['kubeadm', 'kubelet', 'kubectl'];
/** They are beside the node already, as packages of a mirror would be. */
const DOWNLOADED = 'root/new';
const ADMIN = 'KUBECONFIG=/etc/kubernetes/admin.conf';
/** Neither the kernel's configuration nor this module can be seen in a container. */
const NOT_SEEN_HERE = 'SystemVerification,FileContent--proc-sys-net-bridge-bridge-nf-call-iptables';
/** Cluster API's control-plane provider upgrades them: not a part of what is compared. */
const ADD_ONS = '--skip-phases=addon';
const READY_SECONDS = 300;

type Command = [name: string, run: () => void | Promise<void>];

/** Errors: which command failed, and the end of what it wrote. */
export async function plainUpgrade(site: Site, node: E2eNode): Promise<Own> {
  await bringPrograms(node);
  const steps: Record<string, number> = {};
  const begin = performance.now();
  for (const [name, run] of commands(site, node)) {
    const from = performance.now();
    await run();
    steps[name] = (performance.now() - from) / 1000;
  }
  const totalSeconds = (performance.now() - begin) / 1000;
  // The uncordon is the API's; all before it is the host's.
  const hostSeconds = totalSeconds - (steps['uncordon'] ?? 0);
  return { totalSeconds, hostSeconds, flipSeconds: hostSeconds, steps };
}

function commands(site: Site, node: E2eNode): Command[] {
  const here = (...argv: string[]) => void runOn(node, argv);
  const admin = (...argv: string[]) => void runOn(firstNode(site, 'control-plane'), ['env', ADMIN, ...argv]);
  const upgrade =
    node.role === 'control-plane'
      ? ['kubeadm', 'upgrade', 'apply', NEW, '--yes', ADD_ONS, `--ignore-preflight-errors=${NOT_SEEN_HERE}`]
      : ['kubeadm', 'upgrade', 'node', `--ignore-preflight-errors=${NOT_SEEN_HERE}`];
  return [
    ['install-kubeadm', () => install(node, ['kubeadm'])],
    ['kubeadm', () => here(...upgrade)],
    [
      'drain',
      () => admin('kubectl', 'drain', node.name, '--ignore-daemonsets', '--delete-emptydir-data', '--force'),
    ],
    ['install-kubelet', () => install(node, ['kubelet', 'kubectl'])],
    [
      'kubelet',
      () => {
        here('systemctl', 'daemon-reload');
        here('systemctl', 'restart', 'kubelet');
      },
    ],
    ['ready', () => becomesReady(site, node)],
    ['uncordon', () => uncordon(site, node, admin)],
  ];
}

/** kubectl ends with 0 although the API server was away, as it is once more after the kubelet's restart. */
function uncordon(site: Site, node: E2eNode, admin: (...argv: string[]) => void): Promise<void> {
  return eventually(
    `Node ${node.name} uncordoned`,
    async () => {
      admin('kubectl', 'uncordon', node.name);
      return !(await nodeState(site, node)).isCordoned;
    },
    READY_SECONDS,
  );
}

async function bringPrograms(node: E2eNode): Promise<void> {
  mkdirSync(path.join(node.root, DOWNLOADED), { recursive: true });
  for (const name of PROGRAMS) cpSync(await tool(name), path.join(node.root, DOWNLOADED, name));
}

/** As a package manager does it: a program that runs cannot be written over. */
function install(node: E2eNode, names: readonly string[]): void {
  for (const name of names) {
    const target = runOn(node, ['sh', '-c', 'readlink -f "$(command -v "$1")"', 'sh', name]).trim();
    runOn(node, ['install', '-m', '755', `/${DOWNLOADED}/${name}`, `${target}.new`]);
    runOn(node, ['mv', `${target}.new`, target]);
  }
}

function becomesReady({ api }: Site, node: E2eNode): Promise<void> {
  return eventually(
    `Node ${node.name} Ready at ${NEW}`,
    async () => {
      const object = await expectOk(api.get(nodePath(node.name)));
      const ready = list(object, 'status', 'conditions').find((one) => text(one, 'type') === 'Ready');
      const got = `${text(object, 'status', 'nodeInfo', 'kubeletVersion')} ${text(ready, 'status')}`;
      return got === `${NEW} True` || `got ${got}`;
    },
    READY_SECONDS,
  );
}
