// The container of a step: the command line of its pod, done by the product's own code in this process.
import type { Clock } from '../../../src/api/clock.ts';
import { EXIT, NODE_COMMANDS, type StepCommand } from '../../../src/api/commands.ts';
import type { ExternalCommand } from '../../../src/api/external-commands.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { performExternal } from '../../../src/cli/commands/external.ts';
import { performStep } from '../../../src/cli/commands/step.ts';
import { execute, newProgram } from '../../../src/cli/execute.ts';
import { addExternal } from '../../../src/cli/external-commands.ts';
import type { StepOptions } from '../../../src/cli/flags.ts';
import { addStep } from '../../../src/cli/step-commands.ts';
import { externalFlags } from '../../../src/steps/external/external-flags.ts';
import { isSameCluster } from '../../../src/steps/launcher/self-hosted.ts';
import { stepFlags } from '../../../src/steps/launcher/step-flags.ts';
import { stepOutputs } from '../../../src/steps/launcher/write-outputs.ts';
import { mainArguments, type Ending } from '../../helpers/argo-pod.ts';
import type { Clusters } from './clusters.ts';
import type { Script } from './script.ts';

export interface Stage {
  clusters: Clusters;
  script: Script;
  /** Of steps: may be faster than others. */
  clock: Clock;
}

/** As the image's program: whatever happens is an exit code. `signal` is SIGTERM. */
export async function playStep(
  pod: JsonObject,
  { clusters, script, clock }: Stage,
  { log, signal }: { log: (line: string) => void; signal: AbortSignal },
): Promise<Ending> {
  let last = '';
  let reason: string | undefined;
  let outputs = {};
  const tell = (line: string): void => log((last = line));
  const write = (text: string): void => text.trimEnd().split('\n').forEach(tell);

  async function perform(command: StepCommand, options: StepOptions): Promise<number> {
    const flags = stepFlags(options);
    // Steps of nodes meet their script there.
    if (!NODE_COMMANDS.some((name) => name === command)) {
      await script.obey({ namespace: flags.namespace, machine: flags.machine, step: command }, signal);
      if (signal.aborted) return EXIT.temporary;
    }
    return performStep(command, flags, {
      ...(await surroundings(flags)),
      leaveOutputs: async (end) => void (outputs = stepOutputs(command, end)),
    });
  }

  /** What is done for the owner of Machines is scripted by its name. */
  async function performForOwner(command: ExternalCommand, options: StepOptions): Promise<number> {
    const flags = externalFlags(options);
    const { namespace, machine, owner } = flags;
    await script.obey({ namespace, machine: machine === '' ? owner : machine, step: command }, signal);
    if (signal.aborted) return EXIT.temporary;
    return performExternal(command, flags, await surroundings(flags));
  }

  async function surroundings({ namespace, cluster }: { namespace: string; cluster: string }) {
    const management = await clusters.management(namespace);
    const workload = await clusters.workload(namespace, cluster);
    return {
      management: management.client,
      workload: workload.client,
      ...{ clock, signal, log: tell },
      readImageMap: () => clusters.imageMap(namespace),
      isSelfHosted: async () => isSameCluster(management.kubeConfig, workload.kubeConfig),
      leaveReason: async (message: string) => void (reason = message),
    };
  }

  const exitCode = await execute(
    (io, exit) => {
      const program = newProgram('', io);
      addStep(program, perform, exit);
      addExternal(program, performForOwner, exit);
      return program;
    },
    mainArguments(pod),
    {
      ...{ out: write, err: write, isTerminal: false, hasColour: false },
      readFile: () => Promise.reject(new Error('no files here')),
    },
  );
  // terminationMessagePolicy: FallbackToLogsOnError.
  const message = reason ?? (exitCode === EXIT.done ? undefined : last);
  return { exitCode, outputs, ...(message === undefined ? {} : { message }) };
}
