// One step of the operation's unit, watched.
import type { HostPlan } from '../../api/host-plan.ts';
import type { StepReport } from '../../api/step-result.ts';
import type { FlipStep } from '../../api/steps.ts';
import type { Host } from '../host/host.ts';
import { reasonOf, stackOf } from '../host/messages.ts';
import type { StepContext } from '../node/node-step.ts';
import { readStaged } from '../node/staged.ts';
import { stepOf, type NodeSteps } from './node-steps.ts';
import { performInTime } from './perform-in-time.ts';
import { performLogged } from './perform-logged.ts';
import { readDesired } from './records.ts';
import { makeReport } from './reports.ts';
import type { Site } from './site.ts';
import { armWatchdog, disarmWatchdog, isArmed, type Watched } from './watchdog-timer.ts';

/** For a restoration after the step's own time is over; only then the watchdog looks. */
const WATCHDOG_MARGIN_SECONDS = 120;

interface FlipStepRun {
  plan: HostPlan;
  name: FlipStep;
  timeoutSeconds: number;
  signal: AbortSignal;
}

/** undefined: stopped by the signal; the step is to be performed again. */
export async function performFlipStep(
  site: Site,
  steps: NodeSteps,
  run: FlipStepRun,
): Promise<StepReport | undefined> {
  const { host } = site;
  const { plan, name, timeoutSeconds, signal } = run;
  const watched = { operation: plan.operation, step: name };
  const since = host.clock.now();
  host.log(`step ${name}: begins`);
  const report = await performLogged(site, plan, name, async (logged) => {
    try {
      await watch(site, watched, timeoutSeconds);
      return await performInTime(stepOf(steps, name), logged, await contextOf(logged, plan), run);
    } catch (error) {
      if (signal.aborted) return undefined;
      logged.log(`${name}: ${reasonOf(error)}${stackOf(error)}`);
      return makeReport(watched, 'failed', reasonOf(error), { clock: host.clock, since });
    }
  });
  if (report !== undefined) {
    // Nobody waits: one that stays fires in vain, since it finds the report, and the end of the operation disarms all.
    void disarmWatchdog(site, watched).catch((error: unknown) =>
      host.log(`step ${name}: ${reasonOf(error)}`),
    );
  }
  return report;
}

/** A step that was killed is still watched: its time does not begin again. */
async function watch(site: Site, watched: Watched, timeoutSeconds: number): Promise<void> {
  if (await isArmed(site, watched)) return;
  await armWatchdog(site, watched, 0, timeoutSeconds + WATCHDOG_MARGIN_SECONDS);
}

async function contextOf(host: Host, plan: HostPlan): Promise<StepContext> {
  const [desired, components] = [await readDesired(host, plan), await readStaged(host, plan.release)];
  return { plan, desired, components };
}
