// File trees that machines are copied from: Debian, made once by debootstrap and kept in the cache of the tools.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheRoot } from '../tools/build.ts';

const SUITE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';
/** libstdc++6: for Node. */
export const PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'procps', 'util-linux', 'mount', 'libstdc++6'];

/** Errors: why it cannot be made. Needs root and the network, the first time. */
export function rootFolder(packages: readonly string[] = PACKAGES): Promise<string> {
  const recipe = JSON.stringify([SUITE, packages]);
  return madeOnce(cachedFolder('debian', recipe), async (temporary) => {
    process.stderr.write('debootstrap: the first time takes a minute or two\n');
    const include = `--include=${packages.join(',')}`;
    run('debootstrap', ['--variant=minbase', include, SUITE, temporary, MIRROR]);
    rmSync(path.join(temporary, 'var/cache/apt'), { recursive: true, force: true });
    // mkdtemp's 0700 would shut out every service of the machine that is not root's.
    chmodSync(temporary, 0o755);
  });
}

/** In the cache of the tools; `recipe`: all that decides what is in it. */
export function cachedFolder(name: string, recipe: string): string {
  return path.join(cacheRoot(), `${name}-${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}`);
}

/** Returns the folder: it is there whole, or not at all. `make` gets a folder beside it. */
export async function madeOnce(folder: string, make: (temporary: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  mkdirSync(path.dirname(folder), { recursive: true });
  const temporary = mkdtempSync(path.join(path.dirname(folder), '.making-'));
  try {
    await make(temporary);
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}

/** On Debian and Ubuntu what is missing is installed; elsewhere it is named. */
export function requirePrograms(programs: Readonly<Record<string, string>>): void {
  const missing = Object.entries(programs).filter(([program]) => !isOnPath(program));
  if (missing.length === 0) return;
  if (!isOnPath('apt-get')) throw new Error(`missing: ${missing.map(([program]) => program).join(', ')}`);
  const install = ['install', '--yes', '--no-install-recommends', ...missing.map(([, name]) => name)];
  try {
    run('apt-get', install);
  } catch {
    // A machine that has just been made does not know its packages yet.
    run('apt-get', ['update']);
    run('apt-get', install);
  }
}

function isOnPath(program: string): boolean {
  const folders = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':');
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

function run(program: string, programArguments: string[]): void {
  try {
    execFileSync(program, programArguments, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    throw new Error(`${program}: ${stderr?.toString().slice(-1000) ?? String(error)}`, { cause: error });
  }
}
