// systemd-nspawn: a machine with its own systemd on a file tree.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface MachineSpec {
  name: string;
  /** Its file tree. */
  root: string;
  /** File; boots are appended. */
  console: string;
  /** Further arguments of systemd-nspawn; without any the machine has no network but loopback. */
  options?: readonly string[];
  /** `cgroup.procs` files: the machine is below these control groups. Default: beside us. */
  cgroups?: readonly string[];
  /** It goes on when this process ends; otherwise it ends with it, however that ends. */
  stays?: boolean;
}

/** A machine that has been switched on. */
export interface Booted {
  /** systemd-nspawn itself. */
  nspawn: number;
  /** PID 1 of the machine, seen from outside. */
  leader: number;
}

export interface Running {
  process: ChildProcess;
  /** Of both streams, as it comes. */
  output(): string;
  ended: Promise<number>;
}

const CGROUP2_MAGIC = 0x63677270;
const bootSeconds = 120;
const ENVIRONMENT = { SYSTEMD_NSPAWN_USE_CGNS: '1', SYSTEMD_NSPAWN_API_VFS_WRITABLE: '1' };

export const isCgroup2 = (): boolean => statfsSync('/sys/fs/cgroup').type === CGROUP2_MAGIC;

/** Resolves when its services run. Errors: the end of its console. */
export async function boot(spec: MachineSpec): Promise<Booted> {
  const log = openSync(spec.console, 'a');
  const [program, ...words] = command(spec);
  const environment = { ...process.env, ...ENVIRONMENT };
  const stdio = ['ignore', log, log] as const;
  const child = spawn(program, words, { detached: spec.stays === true, stdio: [...stdio], env: environment });
  child.unref();
  closeSync(log);
  const nspawn = child.pid ?? 0;
  const deadline = performance.now() + bootSeconds * 1000;
  for (;;) {
    const leader = leaderOf(nspawn);
    if (leader !== undefined) {
      const state = runIn(leader, ['systemctl', 'is-system-running']).stdout.trim();
      if (state === 'running' || state === 'degraded') return { nspawn, leader };
    }
    if (performance.now() > deadline || !isAlive(nspawn)) {
      if (leader !== undefined) await powerOff({ nspawn, leader });
      const tail = readFileSync(spec.console, 'utf8').slice(-2000);
      throw new Error(`machine ${spec.name} does not come up; the end of its console:\n${tail}`);
    }
    await sleep(200);
  }
}

/** Without warning: nothing gets to save anything. */
export async function powerOff({ nspawn, leader }: Booted): Promise<void> {
  // With the first process of the machine the kernel ends every other one in there.
  kill(leader);
  while (isAlive(nspawn)) await sleep(20);
}

/** Undefined: it has not started the machine yet, or it is gone. */
export function leaderOf(nspawn: number): number | undefined {
  const { stdout } = spawnSync('pgrep', ['-P', String(nspawn)], { encoding: 'utf8' });
  const found = Number(stdout.split('\n')[0]);
  return found > 0 ? found : undefined;
}

/** A process that has ended but that nobody has asked about does not count. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Runs in the machine as root and waits. */
export function runIn(leader: number, argv: readonly string[], stdin = '') {
  const done = spawnSync('nsenter', entered(leader, argv), {
    input: stdin,
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 1 << 26,
  });
  return { code: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
}

/** Runs in the machine as root and does not wait. */
export function startIn(leader: number, argv: readonly string[], stdin = ''): Running {
  const child = spawn('nsenter', entered(leader, argv), { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  child.stdin.on('error', () => undefined).end(stdin);
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 128)));
  return { process: child, output: () => output, ended };
}

const NAMESPACES = ['-m', '-u', '-i', '-n', '-p', '-C'];
const INSIDE = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];

function entered(leader: number, argv: readonly string[]): string[] {
  return ['-t', String(leader), ...NAMESPACES, '--', 'env', '-i', ...INSIDE, ...argv];
}

/** The shell puts itself into the groups, then becomes the program. */
const INTO_CGROUPS = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"';

function command(spec: MachineSpec): [string, ...string[]] {
  const { name, root, options = ['--private-network'], cgroups = [], stays = false } = spec;
  return [
    ...(['sh', '-c', INTO_CGROUPS, 'sh', ...cgroups, '--'] as const),
    ...(stays ? [] : ['setpriv', '--pdeathsig', 'SIGKILL', '--']),
    ...['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '--link-journal=no'],
    ...['-D', root, `--machine=${name}`, '--capability=all', '--boot', '--console=pipe'],
    ...options,
    ...(isCgroup2() ? [] : ['systemd.unified_cgroup_hierarchy=0']),
  ];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
