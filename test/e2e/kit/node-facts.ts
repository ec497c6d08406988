// What a node is, by its own word: files and processes of the machine itself.
import { X509Certificate } from 'node:crypto';
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { E2eNode } from '../cluster/connect.ts';

export interface NodeFacts {
  machineId: string;
  /** Installed, and of the running process; undefined: it does not run. */
  kubelet: string | undefined;
  runningKubelet: string | undefined;
  kubeadm: string | undefined;
  kubectl: string | undefined;
  containerd: string | undefined;
  /** Program -> the version of its running process; none on workers. */
  controlPlane: Record<string, string | undefined>;
}

const CONTROL_PLANE = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'];

export function nodeFacts(node: E2eNode): NodeFacts {
  const ask = (...argv: string[]) => /v?\d+\.\d+\.\d+[-+.\w]*/.exec(node.run(argv).stdout)?.[0];
  const running = (name: string) => {
    const pid = oldestProcess(node, name);
    return pid === '' ? undefined : ask(`/proc/${pid}/exe`, '--version');
  };
  const programs = node.role === 'control-plane' ? CONTROL_PLANE : [];
  return {
    machineId: readFileSync(path.join(node.root, 'etc/machine-id'), 'utf8').trim(),
    kubelet: ask('kubelet', '--version'),
    runningKubelet: running('kubelet'),
    kubeadm: ask('kubeadm', 'version', '-o', 'short'),
    kubectl: ask('kubectl', 'version', '--client'),
    containerd: ask('containerd', '--version'),
    controlPlane: Object.fromEntries(programs.map((name) => [name, running(name)])),
  };
}

/** Serial numbers of the certificates that kubeadm made and renews, by file; CAs are not renewed. */
export function certificates({ root }: E2eNode): Record<string, string> {
  const files = globSync('etc/kubernetes/pki/**/*.crt', { cwd: root }).filter(
    (file) => !/ca\.crt$/.test(file),
  );
  const serial = (file: string) => new X509Certificate(readFileSync(path.join(root, file))).serialNumber;
  return Object.fromEntries(files.sort().map((file) => [file, serial(file)]));
}

/** Where an upgrade may leave something by mistake, and where it must not. */
const LOOKED_AT = ['etc', 'usr', 'opt', 'root', 'home', 'srv', 'boot', 'var/lib/kubelet'];
/** What comes and goes with pods and kubelets; copies of kubeadm, which it keeps on purpose; what the node logs. */
const ORDINARY = [
  /^etc\/kubernetes\/tmp(\/|$)/,
  /^var\/lib\/kubelet\/(pods|plugins|plugins_registry|pod-resources|device-plugins|pki|checkpoints)(\/|$)/,
  /^var\/lib\/kubelet\/(cpu|memory|dra)_manager_state$/,
  // kubeadm 1.34 writes the kubelet's configuration of this instance beside the common one.
  /^var\/lib\/kubelet\/instance-config\.yaml$/,
];

/** All files and folders, except in /var/lib/refit. */
export function filesOf({ root }: E2eNode): Set<string> {
  const found = LOOKED_AT.flatMap((folder) => {
    const names = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
    return names.map((name) => path.join(folder, name));
  });
  return new Set(found.filter((file) => !ORDINARY.some((pattern) => pattern.test(file))));
}

/** Files that are there now and were not before, units of Refit, and its lock. */
export function leftovers(node: E2eNode, before: ReadonlySet<string>): string[] {
  const files = [...filesOf(node)].filter((file) => !before.has(file));
  const units = node.run(['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'refit*']).stdout;
  const lock = node.run(['cat', '/var/lib/refit/lock.json']);
  return [...files, ...units.split('\n').filter(Boolean), ...(lock.code === 0 ? [lock.stdout] : [])];
}

/** What Refit keeps on the node. */
export function refitBytes({ root }: E2eNode): number {
  const folder = path.join(root, 'var/lib/refit');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.reduce((sum, name) => {
    const status = statSync(path.join(folder, name), { throwIfNoEntry: false });
    return sum + (status?.isFile() ? status.size : 0);
  }, 0);
}

/** Of its oldest process of that name. */
export function commandLine(node: E2eNode, name: string): string[] {
  return node.run(['cat', `/proc/${oldestProcess(node, name)}/cmdline`]).stdout.split('\0');
}

/** Its id; empty: there is none of that name, of which the kernel keeps 15 characters. */
function oldestProcess(node: E2eNode, name: string): string {
  return node.run(['pgrep', '-o', '-x', name.slice(0, 15)]).stdout.trim();
}
