// A machine for a test, on a copy of the root folder: no network but loopback, and gone when the test is.
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { boot, isAlive, powerOff, type Running, runIn, startIn } from './nspawn.ts';
import { rootFolder } from './root-folder.ts';

export interface Machine {
  /** Its file tree, seen from outside. */
  root: string;
  /** Runs in the machine as root and waits. */
  run(argv: readonly string[], stdin?: string): { code: number; stdout: string; stderr: string };
  /** Runs in the machine and does not wait. */
  start(argv: readonly string[], stdin?: string): Running;
  /** Like the reset button: nothing gets to save anything. */
  reset(): Promise<void>;
  remove(): Promise<void>;
}

/** `prepare` lays out the file tree before the first boot; `binds` are read-only: path in the machine -> path outside. */
export async function createMachine(
  name: string,
  prepare: (root: string) => void,
  binds: Readonly<Record<string, string>>,
): Promise<Machine> {
  const folder = await mkdtemp(path.join(tmpdir(), `refit-host-${name}-`));
  const root = path.join(folder, 'root');
  await copyRoot(await rootFolder(), root, name);
  prepare(root);
  const readOnly = Object.entries(binds).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`);
  const options = ['--private-network', ...readOnly];
  const spec = { name, root, console: path.join(folder, 'console.log'), options };
  let booted = await boot(spec);
  const off = async () => {
    if (isAlive(booted.nspawn)) await powerOff(booted);
  };
  return {
    root,
    run: (argv, stdin) => runIn(booted.leader, argv, stdin),
    start: (argv, stdin) => startIn(booted.leader, argv, stdin),
    async reset() {
      await off();
      booted = await boot(spec);
    },
    async remove() {
      await off();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of a file tree that no machine runs on. */
export async function copyRoot(from: string, root: string, hostname: string): Promise<void> {
  const withUs = ['--pdeathsig', 'SIGKILL', '--'];
  await promisify(execFile)('setpriv', [...withUs, 'cp', '-a', '--reflink=auto', from, root]);
  // Empty: systemd makes one at the first boot and keeps it.
  writeFileSync(path.join(root, 'etc/machine-id'), '');
  writeFileSync(path.join(root, 'etc/hostname'), `${hostname}\n`);
}
