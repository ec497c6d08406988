// Job controller, kubelet and container for a Job of a node: its pod starts at once and ends as the host says.
import { EXIT } from '../../../src/api/commands.ts';
import { StatusError } from '../../../src/api/errors.ts';
import { INPUT_KEY } from '../../../src/api/install.ts';
import { nodeInputSchema } from '../../../src/api/node-input.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { isBad } from '../../../src/api/step-result.ts';
import { ApiError } from '../../helpers/object-store.ts';
import type { Hosts } from './host.ts';
import type { NodeApi } from './node-api.ts';

/** Its Secret is there. Never throws for what a step can cause: that is how the container ends. */
export async function playJob({ jobs }: NodeApi, hosts: Hosts, name: string): Promise<void> {
  const content = Buffer.from(text(jobs.secret(name), 'data', INPUT_KEY) ?? '', 'base64').toString();
  const pod = jobs.makePod(name);
  jobs.run(pod);
  const end = (code: number, message: Parameters<typeof jobs.end>[2]): void => {
    jobs.end(pod, code, message);
    if (code === EXIT.done) jobs.endJob(name, 'Complete');
    else jobs.endJob(name, 'Failed', code === EXIT.temporary ? 'BackoffLimitExceeded' : 'PodFailurePolicy');
  };
  try {
    const input = nodeInputSchema.parse(JSON.parse(content));
    jobs.say(pod, `played: ${input.step} of ${input.plan.operation}`);
    const report = await hosts.launch(input);
    end(isBad(report) ? EXIT.failed : EXIT.done, report);
  } catch (error) {
    // Somebody deleted the Job meanwhile.
    if (error instanceof ApiError) return;
    if (!(error instanceof StatusError)) throw error;
    end(error.reason === 'BadInput' ? EXIT.badInput : EXIT.temporary, error.message);
  }
}
