// A process that takes the host lock for one operation, works under it, and ends well or dies: for lock.test.ts.
// Arguments: root of the machine, operation, `free` | `die`. Its unit works as long as this process lives.
import { setTimeout } from 'node:timers/promises';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../../src/cli/clock.ts';
import { createLocalHost } from '../../../src/steps/host/local-host.ts';
import { createGuard, GUARD_FILE } from '../../../src/steps/operation/guard.ts';
import { dropLock, takeLock } from '../../../src/steps/operation/lock.ts';
import type { Site } from '../../../src/steps/operation/site.ts';
import { createStepLogs } from '../../../src/steps/operation/step-logs.ts';
import type { Systemd } from '../../../src/steps/operation/systemd.ts';
import { operationUnit } from '../../../src/steps/operation/units.ts';

const [root = '', operation = '', end] = process.argv.slice(2);
const pidFile = (unit: string): string => `${root}/run/${unit}`;

function isAlive(unit: string): boolean {
  if (!existsSync(pidFile(unit))) return false;
  try {
    process.kill(Number(readFileSync(pidFile(unit), 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

const systemd: Pick<Systemd, 'states'> = {
  states: async (units) => {
    // As long as systemctl takes: wide enough for everybody else to come in between.
    await setTimeout(30);
    return units.map((unit) => ({ loaded: true, active: isAlive(unit) ? 'active' : 'inactive' }));
  },
};
const clock = systemClock(100);
const site: Site = {
  host: createLocalHost({ clock, log: () => undefined, root }),
  systemd: systemd as Systemd,
  guard: createGuard(`${root}${GUARD_FILE}`),
  logs: createStepLogs(root),
  program: ['/node'],
};

await takeLock(site, operation, 3600, async () =>
  writeFileSync(pidFile(operationUnit(operation)), String(process.pid)),
);
const log = (word: string): void => appendFileSync(`${root}/run/log`, `${word} ${operation}\n`);
log('begin');
await clock.sleep(2);
log('end');
// Killed with the lock in its hand, as by the kernel.
if (end === 'die') process.kill(process.pid, 'SIGKILL');
await site.guard.hold(() => dropLock(site.host, operation));
