// The frame of every command of an external upgrade: one message, one exit code.
import { EXIT } from '../../api/commands.ts';
import type { ExternalCommand } from '../../api/external-commands.ts';
import { StatusError } from '../../api/errors.ts';
import { externalReads } from '../../kubernetes/external-reads.ts';
import type { StepFlags } from '../api/api-step.ts';
import { exitCode } from '../launcher/exit-code.ts';
import { runStep, type StepTools } from '../launcher/run-step.ts';
import { patientClient } from '../launcher/patient-client.ts';
import type { ExternalContext, ExternalFlags, ExternalSteps, MachineEnd } from './external-step.ts';
import { operationName } from '../../api/names.ts';
import { text } from '../../api/fields.ts';
import { machinesPath } from '../../kubernetes/external-reads.ts';

export interface ExternalEnd {
  /** One line for people. */
  message: string;
  /** EXIT of api/commands.ts. */
  code: number;
}

/** Whatever the clusters answer is a result; throws only what nobody expects. */
export async function runExternal(
  command: ExternalCommand,
  flags: ExternalFlags,
  tools: StepTools & { externalSteps: ExternalSteps },
): Promise<ExternalEnd> {
  const { clock, log, signal } = tools;
  const waits = (name: string) => ({ name, clock, log, signal });
  const management = patientClient(tools.management, waits('management cluster'));
  const context: ExternalContext = {
    flags,
    management,
    workload: patientClient(tools.workload, waits('workload cluster')),
    clock,
    log,
    signal,
    reads: externalReads(management),
    finishMachine: (machine, operation, status) => finish({ machine, operation, status }, flags, tools),
  };
  try {
    const step = tools.externalSteps.get(command);
    if (!step) throw new StatusError(`command ${command}: nothing implements it`, { reason: 'Failed' });
    const { message, changes } = await step(context);
    const changed = changes.map(({ what }) => what);
    return {
      message: changed.length > 0 ? `${message} (changed: ${changed.join(', ')})` : message,
      code: EXIT.done,
    };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { message: error.message, code: exitCode(error) };
  }
}

/** The step `finish` of one Machine, in this process: only here it is known which Machine is in the middle of it. */
async function finish(
  { machine, operation, status }: { machine: string; operation: number; status: string },
  flags: ExternalFlags,
  tools: StepTools,
): Promise<MachineEnd> {
  const uid =
    text(await tools.management.get(machinesPath(flags.namespace, machine)), 'metadata', 'uid') ?? '';
  const own: StepFlags = {
    namespace: flags.namespace,
    workflow: operationName({ name: machine, uid }, operation),
    workflowStatus: status,
    cluster: flags.cluster,
    machine,
    operation,
    hash: '',
    kubernetesVersion: flags.kubernetesVersion,
    release: '',
    steps: [],
    planSha256: '',
    behind: [],
    drain: 'auto',
    needed: 'true',
    drainForce: false,
    untestedHosts: 'refuse',
    controlPlaneMethod: 'kubeadm',
    dataLoss: 'refuse',
    keepBackups: 2,
    timeoutSeconds: flags.timeoutSeconds,
  };
  const { result, outputs } = await runStep('finish', own, tools);
  return { host: outputs['host'] ?? 'unknown', message: result.message };
}
