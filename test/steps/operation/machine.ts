// A machine in a temporary folder: real files, a real guard, real logs, steps as the test gives them.
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock } from '../../../src/api/clock.ts';
import { systemClock } from '../../../src/cli/clock.ts';
import { STATE_FOLDER } from '../../../src/steps/host/folders.ts';
import { createLocalHost } from '../../../src/steps/host/local-host.ts';
import { createGuard, GUARD_FILE } from '../../../src/steps/operation/guard.ts';
import type { NodeSteps } from '../../../src/steps/operation/node-steps.ts';
import { runOperation } from '../../../src/steps/operation/run-operation.ts';
import { runStep } from '../../../src/steps/operation/run-step.ts';
import type { Site } from '../../../src/steps/operation/site.ts';
import { createStepLogs } from '../../../src/steps/operation/step-logs.ts';
import { BOOT_ID, HOSTNAME, MACHINE_ID } from './samples.ts';
import { fakeSystemd, type FakeSystemd } from './fake-systemd.ts';

/** Waiting for seconds takes milliseconds. */
const SPEED = 50;

export interface Machine extends Site {
  systemd: FakeSystemd;
  root: string;
  /** What the programs of Refit print. */
  lines: string[];
  read(file: string): string;
  write(file: string, content: string): void;
  remove(): void;
}

/** `given.root`: another process has made it. */
export function createMachine(given: { clock?: Clock; root?: string; steps?: NodeSteps } = {}): Machine {
  const root = given.root ?? mkdtempSync(path.join(tmpdir(), 'refit-machine-'));
  const { clock = systemClock(SPEED), steps = new Map() } = given;
  const lines: string[] = [];
  const host = createLocalHost({ clock, log: (line) => void lines.push(line), root });
  const write = (file: string, content: string): void => {
    mkdirSync(path.dirname(`${root}${file}`), { recursive: true });
    writeFileSync(`${root}${file}`, content);
  };
  if (given.root === undefined) {
    write('/etc/machine-id', `${MACHINE_ID}\n`);
    write('/proc/sys/kernel/hostname', `${HOSTNAME}\n`);
    write('/proc/sys/kernel/random/boot_id', `${BOOT_ID}\n`);
    mkdirSync(`${root}${STATE_FOLDER}`, { recursive: true, mode: 0o700 });
  }
  const site = {
    host,
    guard: createGuard(`${root}${GUARD_FILE}`),
    logs: createStepLogs(root),
    program: ['/opt/node', '/opt/refit.js'] as const,
  };
  const systemd = fakeSystemd(host, (argv, signal) => {
    const flag = (name: string): string | undefined =>
      argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1];
    const [operation = '', step] = [flag('operation'), flag('step')];
    const machine = { ...site, systemd };
    if (argv[3] !== 'run') return Promise.resolve();
    return step === undefined
      ? runOperation(machine, steps, { operation, signal })
      : runStep(machine, steps, { operation, step: step as 'stage', signal });
  });
  return {
    ...{ ...site, systemd, root, lines, write },
    read: (file) => readFileSync(`${root}${file}`, 'utf8'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
