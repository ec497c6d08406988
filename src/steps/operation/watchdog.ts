// Fired when a step of the flip group is far over its time: is the node sick, or only slow?
import type { FlipStep } from '../../api/steps.ts';
import { apiServerHealth, containerdHealth, kubeletHealth, type HealthCheck } from './local-health.ts';
import { lockHolder } from './lock.ts';
import { giveUpFile, readReport, writeRecord, type GiveUp } from './records.ts';
import type { Site } from './site.ts';
import { isWorking } from './systemd.ts';
import { operationUnit, operationUnitFile } from './units.ts';
import { armWatchdog, LAST_TURN } from './watchdog-timer.ts';

const LOOK_EVERY_SECONDS = 5;
/** A kubelet that restarts is away for a moment. */
const SERVICE_PATIENCE_SECONDS = 30;
/** An API server that a new kubelet makes anew is away for minutes at worst. */
const API_SERVER_PATIENCE_SECONDS = 300;
/** For a step that is late on a healthy node, each turn. */
const LATE_SECONDS = 300;

interface Fired {
  operation: string;
  step: FlipStep;
  turn: number;
}

/**
 * Judges local health only. A sick node: the operation's unit is stopped and started again, which then puts back what the
 * operation changed; so the one that holds the host lock does it, and killed or rebooted goes on with it. A healthy one: the
 * step gets more time, three times; then it is given up with nothing put back.
 */
export async function watchdog(site: Site, fired: Fired): Promise<void> {
  const { host, systemd } = site;
  const { operation, step, turn } = fired;
  if (!(await isPending(site, fired))) return;
  const problems = await sickness(site, fired);
  if (!(await isPending(site, fired))) return;

  const unit = operationUnit(operation);
  const isAtWork = (await systemd.states([unit])).some(isWorking);
  if (problems.length === 0 && !isAtWork) {
    host.log(`step ${step}: the node is healthy, and ${unit} was stopped by somebody: left alone`);
    return;
  }
  if (problems.length === 0 && turn < LAST_TURN) {
    host.log(`step ${step}: late on a healthy node: ${LATE_SECONDS} s more`);
    await armWatchdog(site, fired, turn + 1, LATE_SECONDS);
    return;
  }
  const reason = problems.join('; ') || 'the node is healthy, but the step does not end';
  host.log(`step ${step}: given up: ${reason}`);
  const giveUp: GiveUp = { step, restore: problems.length > 0, reason };
  await writeRecord(host, giveUpFile(operation), giveUp);
  await systemd.restart(unit);
}

/** Nothing to judge: the step has ended, or the operation has, or it does not hold the node any more. */
async function isPending({ host }: Site, { operation, step }: Fired): Promise<boolean> {
  if ((await readReport(host, operation, step)) !== undefined) return false;
  if ((await host.files.status(operationUnitFile(operation))) === undefined) return false;
  return (await lockHolder(host)) === operation;
}

/** Empty: healthy. */
async function sickness(site: Site, fired: Fired): Promise<string[]> {
  const { host, systemd } = site;
  const services = [kubeletHealth(host, systemd), containerdHealth(systemd)];
  const found = await Promise.all(
    services.map((check) => lasting(site, fired, check, SERVICE_PATIENCE_SECONDS)),
  );
  const problems = found.filter((problem) => problem !== undefined);
  // kubeadm itself waits for the API server, and knows better.
  if (problems.length > 0 || fired.step === 'kubeadm') return problems;
  const away = await lasting(site, fired, apiServerHealth(host), API_SERVER_PATIENCE_SECONDS);
  return away === undefined ? [] : [away];
}

/** A problem that every look found, or undefined: also when the step ended meanwhile. */
async function lasting(
  site: Site,
  fired: Fired,
  check: HealthCheck,
  seconds: number,
): Promise<string | undefined> {
  const { clock } = site.host;
  const end = clock.monotonic() + seconds;
  for (;;) {
    const problem = await check();
    if (problem === undefined || !(await isPending(site, fired))) return undefined;
    if (clock.monotonic() >= end) return problem;
    await clock.sleep(LOOK_EVERY_SECONDS);
  }
}
