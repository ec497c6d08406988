// What the part of a step is that speaks to the API servers, and what it is given.
import type { Clock } from '../../api/clock.ts';
import type { DataLoss } from '../../api/data-loss.ts';
import type { ControlPlaneMethod, DrainNeed, ListedStep } from '../../api/host-plan.ts';
import type { JsonObject } from '../../api/json.ts';
import type { QuietStep } from '../../api/steps.ts';
import type { StepReport, StepResult } from '../../api/step-result.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';

/** Flags of `refit step`, checked. A flag that the step does not take has its default. */
export interface StepFlags {
  /** Of the Workflow, the Cluster and the Machine. */
  namespace: string;
  workflow: string;
  /** Phase of the Workflow; only finish gets it. */
  workflowStatus: string | undefined;
  cluster: string;
  machine: string;
  /** Number of the operation; undefined: by hand, named after the Workflow. */
  operation: number | undefined;
  /** Empty text in this and the next two: not given. */
  hash: string;
  kubernetesVersion: string;
  release: string;
  /** What the node does by itself; empty: only this step. */
  steps: readonly ListedStep[];
  /** Empty: nothing was staged, or it is not known yet, with steps behind which this one begins. */
  planSha256: string;
  /** With the flags that their own tasks give them. */
  behind: readonly { step: QuietStep; flags: StepFlags }[];
  drain: 'auto' | 'always' | 'never';
  /** Of drain: must pods move away? */
  needed: DrainNeed;
  drainForce: boolean;
  untestedHosts: 'refuse' | 'allow';
  controlPlaneMethod: ControlPlaneMethod;
  /** Of rollback. */
  dataLoss: DataLoss;
  keepBackups: number;
  timeoutSeconds: number;
}

export interface ApiStepContext {
  flags: StepFlags;
  management: ApiClient;
  /** Reads its kubeconfig again when that changes. */
  workload: ApiClient;
  clock: Clock;
  /** One line for people, into the log of the pod; no secrets. */
  log: (line: string) => void;
  /** Read now. */
  machine: JsonObject;
  nodeName: string;
  /** Name of the operation: of its Workflow. */
  operation: string;
  timeoutSeconds: number;
  signal: AbortSignal;
  /** Of the node's part: preflight, verify, finish. */
  report?: StepReport;
}

export interface ApiStepOutcome {
  /** For people. */
  message: string;
  changes: StepResult['changes'];
  /** Output parameters (STEP_OUTPUTS). */
  outputs?: Readonly<Record<string, string>>;
}

/** Errors: StatusError; Unavailable and Conflict are tried again, the others fail the step. */
export type ApiStep = (context: ApiStepContext) => Promise<ApiStepOutcome>;
