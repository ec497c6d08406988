// A step of the flip group goes on until it is done or its time is over: nobody else would try it again.
import { StatusError } from '../../api/errors.ts';
import type { StepReport } from '../../api/step-result.ts';
import type { Host } from '../host/host.ts';
import { performStep } from '../host/perform-step.ts';
import type { NodeStep, StepContext } from '../node/node-step.ts';

const RETRY_SECONDS = 1;

/**
 * What may pass is tried again as long as the step has time. Errors: Failed with the trouble that did not pass; Unavailable
 * when the signal aborted.
 */
export async function performInTime(
  step: NodeStep,
  host: Host,
  context: StepContext,
  { timeoutSeconds, signal }: { timeoutSeconds: number; signal: AbortSignal },
): Promise<StepReport> {
  const { clock } = host;
  const [startedAt, start] = [clock.now().toISOString(), clock.monotonic()];
  const deadline = start + timeoutSeconds;
  let told = '';
  for (;;) {
    const left = deadline - clock.monotonic();
    try {
      const report = await performStep(step, host, context, { timeoutSeconds: left, signal });
      // Its waiting is part of it.
      const durationSeconds = Math.round((clock.monotonic() - start) * 1000) / 1000;
      return { ...report, result: { ...report.result, startedAt, durationSeconds } };
    } catch (error) {
      const mayPass = error instanceof StatusError && error.reason === 'Unavailable';
      if (!mayPass || signal.aborted) throw error;
      const { message } = error;
      if (left <= RETRY_SECONDS) throw new StatusError(message, { reason: 'Failed', cause: error });
      if (message !== told) host.log(`${step.name}: waiting: ${message}`);
      told = message;
      await clock.sleep(RETRY_SECONDS, signal);
    }
  }
}
