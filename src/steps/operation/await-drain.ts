// The unit at a step that must not begin before the node is drained. Nothing is under way meanwhile, so nothing is watched.
import { stepsAtDrain, type HostPlan, type ListedStep } from '../../api/host-plan.ts';
import { hasFlipped } from '../../api/step-result.ts';
import type { Host } from '../host/host.ts';
import { performLogged } from './perform-logged.ts';
import {
  isCancelled,
  isDrained,
  readBegun,
  readReport,
  readWaiting,
  waitingFile,
  writeRecord,
} from './records.ts';
import type { Site } from './site.ts';

const POLL_SECONDS = 0.5;

type Waiter = Pick<ListedStep, 'name' | 'unlessFlipped'> & { waitSeconds: number };

/**
 * over: it may begin, or the operation was told to stop. late: nobody came. stopped: by the signal. The time counts from
 * the first time that it waited, by the machine's clock: a unit that starts again does not begin anew.
 */
export async function awaitDrain(
  site: Site,
  plan: HostPlan,
  waiter: Waiter,
  signal: AbortSignal,
): Promise<'over' | 'late' | 'stopped'> {
  const { host } = site;
  const { clock } = host;
  if (await isOver(host, plan, waiter)) return 'over';
  // The step before it has ended: that does not change while it waits.
  if (waiter.unlessFlipped === true && (await isFlipped(host, plan))) return 'over';
  const until = await waitsUntil(site, plan, waiter);
  const left = Math.min(waiter.waitSeconds, (until.getTime() - clock.now().getTime()) / 1000);
  const end = clock.monotonic() + left;
  for (;;) {
    if (signal.aborted) return 'stopped';
    if (await isOver(host, plan, waiter)) return 'over';
    if (clock.monotonic() >= end) return 'late';
    await clock.sleep(POLL_SECONDS, signal);
  }
}

/** One that was begun was let go on before: it was killed since. */
async function isOver(host: Host, { operation }: HostPlan, { name }: Waiter): Promise<boolean> {
  if ((await isDrained(host, operation)) || (await isCancelled(host, operation))) return true;
  return (await readBegun(host, operation, name)) !== undefined;
}

async function isFlipped(host: Host, { operation, steps }: HostPlan): Promise<boolean> {
  const { before } = stepsAtDrain(steps);
  const report = before && (await readReport(host, operation, before.name));
  return report !== undefined && hasFlipped(report.result);
}

async function waitsUntil(site: Site, plan: HostPlan, { name, waitSeconds }: Waiter): Promise<Date> {
  const { host } = site;
  const known = await readWaiting(host, plan.operation);
  if (known !== undefined) return new Date(known.until);
  const since = host.clock.now();
  const until = new Date(since.getTime() + waitSeconds * 1000);
  host.log(`step ${name}: waits for drain, until ${until.toISOString()} at most`);
  await performLogged(site, plan, name, async (logged) => logged.log(`${name}: waits for drain`));
  await writeRecord(host, waitingFile(plan.operation), {
    since: since.toISOString(),
    until: until.toISOString(),
  });
  return until;
}
