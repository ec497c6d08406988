// Of this machine's kernel, what all nodes share: the kubelets' settings, and the control groups that nodes are below.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../../helpers/eventually.ts';

/** The kubelet sets the first ones; with the default of the others a few nodes have too few watches. */
const SETTINGS: Readonly<Record<string, string>> = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
  'fs/inotify/max_user_instances': '8192',
  'fs/inotify/max_user_watches': '1048576',
};

/** Sets them. Returns what they were. */
export function changeSettings(): Record<string, string> {
  const names = Object.keys(SETTINGS).filter((name) => existsSync(settingFile(name)));
  const before = names.map((name) => [name, readFileSync(settingFile(name), 'utf8').trim()]);
  for (const name of names) writeFileSync(settingFile(name), SETTINGS[name] ?? '');
  return Object.fromEntries(before) as Record<string, string>;
}

export function restoreSettings(before: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(before)) writeFileSync(settingFile(name), value);
}

function settingFile(name: string): string {
  return path.join('/proc/sys', name);
}

/** One in each hierarchy, so that kubelets do not see each other's pods. Returns their `cgroup.procs` files. */
export function createCgroups(name: string): string[] {
  return hierarchies().map((hierarchy) => {
    const group = path.join(hierarchy, name);
    passOnControllers(hierarchy);
    mkdirSync(group, { recursive: true });
    // cgroup v1: without both no process may go there.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const [own, parent] = [path.join(group, file), path.join(hierarchy, file)];
      if (!existsSync(parent)) continue;
      if (readFileSync(own, 'utf8').trim() === '') writeFileSync(own, readFileSync(parent));
    }
    return path.join(group, 'cgroup.procs');
  });
}

/** cgroup v2: a kubelet needs these below. */
const CONTROLLERS = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

function passOnControllers(hierarchy: string): void {
  const passedOn = path.join(hierarchy, 'cgroup.subtree_control');
  if (!existsSync(passedOn)) return;
  const there = readFileSync(path.join(hierarchy, 'cgroup.controllers'), 'utf8').trim().split(' ');
  for (const one of CONTROLLERS) if (there.includes(one)) writeFileSync(passedOn, `+${one}`);
}

/** Errors: a process is still in one of them. */
export async function removeCgroups(name: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    const group = path.join(hierarchy, name);
    // The kernel counts a process that was killed for some moments more.
    const isRemoved = () => (removeGroup(group), true);
    await eventually(`control group ${group} removed`, isRemoved);
  }
}

function removeGroup(group: string): void {
  if (!existsSync(group)) return;
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(path.join(group, entry.name));
  }
  rmdirSync(group);
}

/** Mount points; of cgroup v1 one for each controller, some under two names. */
function hierarchies(): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const fields = mounts.map((line) => line.split(' '));
  return fields.flatMap(([, where, type]) =>
    where !== undefined && (type === 'cgroup' || type === 'cgroup2') ? [where] : [],
  );
}
