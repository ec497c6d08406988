// A machine with its own systemd: systemd-nspawn on a copy of the root folder. No network but loopback.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

export interface Running {
  process: ChildProcess;
  /** Of both streams, as it comes. */
  output(): string;
  ended: Promise<number>;
}

const CGROUP2_MAGIC = 0x63677270;
const bootSeconds = 60;

/** `prepare` lays out the file tree before the first boot; `binds` are read-only: path in the machine -> path outside. */
export async function createMachine(
  name: string,
  prepare: (root: string) => void,
  binds: Readonly<Record<string, string>>,
): Promise<Machine> {
  const folder = await mkdtemp(path.join(tmpdir(), `refit-host-${name}-`));
  const root = path.join(folder, 'root');
  execFileSync('cp', ['-a', '--reflink=auto', rootFolder(), root]);
  // Empty: systemd makes one at the first boot and keeps it.
  writeFileSync(path.join(root, 'etc/machine-id'), '');
  writeFileSync(path.join(root, 'etc/hostname'), `${name}\n`);
  prepare(root);
  let container = await boot();

  async function boot(): Promise<{ nspawn: ChildProcess; leader: number }> {
    const log = openSync(path.join(folder, 'console.log'), 'a');
    const isUnified = statfsSync('/sys/fs/cgroup').type === CGROUP2_MAGIC;
    const nspawnArguments = [
      ...['--pdeathsig', 'SIGKILL', '--', 'systemd-nspawn', '--quiet', '--register=no', '--keep-unit'],
      ...[
        '-D',
        root,
        `--machine=${name}`,
        '--private-network',
        '--capability=all',
        '--boot',
        '--console=pipe',
      ],
      ...Object.entries(binds).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`),
      ...(isUnified ? [] : ['systemd.unified_cgroup_hierarchy=0']),
    ];
    const nspawn = spawn('setpriv', nspawnArguments, {
      stdio: ['ignore', log, log],
      env: { ...process.env, SYSTEMD_NSPAWN_USE_CGNS: '1', SYSTEMD_NSPAWN_API_VFS_WRITABLE: '1' },
    });
    closeSync(log);
    const deadline = performance.now() + bootSeconds * 1000;
    for (;;) {
      const leader = childOf(nspawn.pid ?? 0);
      if (leader !== undefined) {
        const state = enter(leader, ['systemctl', 'is-system-running']).stdout.trim();
        if (state === 'running' || state === 'degraded') return { nspawn, leader };
      }
      if (performance.now() > deadline || nspawn.exitCode !== null) {
        const tail = readFileSync(path.join(folder, 'console.log'), 'utf8').slice(-2000);
        throw new Error(`machine ${name} does not come up; the end of its console:\n${tail}`);
      }
      await sleep(200);
    }
  }

  async function off(): Promise<void> {
    const { nspawn, leader } = container;
    const ended = new Promise((resolve) => nspawn.once('exit', resolve));
    if (nspawn.exitCode !== null || nspawn.signalCode !== null) return;
    // PID 1 of the machine: with it the kernel ends every process in there.
    process.kill(leader, 'SIGKILL');
    await ended;
  }

  return {
    root,
    run: (argv, stdin) => enter(container.leader, argv, stdin),
    start: (argv, stdin) => start(container.leader, argv, stdin),
    async reset() {
      await off();
      container = await boot();
    },
    async remove() {
      await off();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];

function entered(leader: number, argv: readonly string[]): string[] {
  return [
    '-t',
    String(leader),
    '-m',
    '-u',
    '-i',
    '-n',
    '-p',
    '-C',
    '--',
    'env',
    '-i',
    ...ENVIRONMENT,
    ...argv,
  ];
}

function enter(leader: number, argv: readonly string[], stdin = '') {
  const done = spawnSync('nsenter', entered(leader, argv), {
    input: stdin,
    encoding: 'utf8',
    timeout: 300_000,
  });
  return { code: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
}

function start(leader: number, argv: readonly string[], stdin = ''): Running {
  const child = spawn('nsenter', entered(leader, argv), { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  child.stdin.on('error', () => undefined).end(stdin);
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 128)));
  return { process: child, output: () => output, ended };
}

function childOf(pid: number): number | undefined {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  const found = Number(stdout.split('\n')[0]);
  return found > 0 ? found : undefined;
}
