// Both API servers, and a step's context. The step's clock jumps to the end of every sleep: what is to happen meanwhile is
// told to `later`.
import type { Clock } from '../../../src/api/clock.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { createApiClient } from '../../../src/kubernetes/api-client.ts';
import type { ApiStep, ApiStepContext, ApiStepOutcome, StepFlags } from '../../../src/steps/api/api-step.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { NODE } from './samples.ts';
import { WorkloadServer } from './workload-server.ts';

export const OPERATION = 'refit-md-0-abcd1234-3';

const FLAGS: StepFlags = {
  namespace: 'lab',
  workflow: OPERATION,
  workflowStatus: undefined,
  cluster: 'edge',
  machine: 'md-0',
  operation: 3,
  hash: 'v1-a',
  kubernetesVersion: 'v1.34.3',
  release: 'v1.34.3',
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
  timeoutSeconds: 60,
};

interface Given {
  flags?: Partial<StepFlags>;
  report?: StepReport;
  signal?: AbortSignal;
}

export const MACHINES = '/apis/cluster.x-k8s.io/v1beta2/machines';
export const NODES = '/api/v1/nodes';
export const PODS = '/api/v1/pods';
export const BUDGETS = '/apis/policy/v1/poddisruptionbudgets';

export async function apiSite() {
  const [management, workload] = [new ApiServer(), new WorkloadServer()];
  await management.start();
  await workload.start();
  const time = fakeClock();
  // Their timeouts must not expire while the step's time jumps.
  const clients = [management, workload].map((server) => createApiClient(server.kubeConfig(), fakeClock()));
  const [managementClient, workloadClient] = clients as [
    ApiStepContext['management'],
    ApiStepContext['workload'],
  ];
  const log: string[] = [];
  const clock: Clock = {
    ...time,
    sleep: async (seconds, signal) => {
      const slept = time.sleep(seconds, signal);
      await time.advance(seconds);
      return slept;
    },
  };

  const read = (server: ApiServer, collection: string, namespace: string, name: string): JsonObject => {
    const object = server.data.get({ collection, namespace, name });
    if (!object) throw new Error(`${collection} ${namespace}/${name} is not there`);
    return object;
  };

  return {
    management,
    workload,
    log,
    clock,
    machine: () => read(management, MACHINES, 'lab', 'md-0'),
    node: (name = NODE) => read(workload, NODES, '', name),
    run(step: ApiStep, { flags = {}, report, signal }: Given = {}): Promise<ApiStepOutcome> {
      const all = { ...FLAGS, ...flags };
      return step({
        flags: all,
        management: managementClient,
        workload: workloadClient,
        clock,
        log: (line) => log.push(line),
        machine: read(management, MACHINES, 'lab', 'md-0'),
        nodeName: NODE,
        operation: OPERATION,
        timeoutSeconds: all.timeoutSeconds,
        signal: signal ?? new AbortController().signal,
        ...(report ? { report } : {}),
      });
    },
    later: (seconds: number, happens: () => void) => void time.sleep(seconds).then(happens),
    async end(): Promise<void> {
      await Promise.all(clients.map((client) => client.close()));
      await management.stop();
      await workload.stop();
    },
  };
}

export type ApiSite = Awaited<ReturnType<typeof apiSite>>;

export function nodeReport(outputs: Record<string, string>, message = 'looked'): StepReport {
  return {
    result: {
      version: 1,
      step: 'preflight',
      operation: OPERATION,
      outcome: 'unchanged',
      message,
      startedAt: '2026-01-01T00:00:00.000Z',
      durationSeconds: 1,
      changes: [],
    },
    outputs,
  };
}
