// What a command of an external upgrade is given, and what it gives.
import type { ExternalCommand } from '../../api/external-commands.ts';
import type { OwnerKind } from '../../api/external-owner.ts';
import type { ExternalReads } from '../../kubernetes/external-reads.ts';
import type { StepResult } from '../../api/step-result.ts';
import type { Remote } from '../launcher/remote.ts';

/** Flags of `refit external`, checked. */
export interface ExternalFlags {
  namespace: string;
  workflow: string;
  /** Phase of the Workflow; only release gets it. */
  workflowStatus: string;
  cluster: string;
  ownerKind: OwnerKind;
  owner: string;
  number: number;
  kubernetesVersion: string;
  /** These three: begin and settle only; else empty, and 0. */
  machine: string;
  operation: number;
  hash: string;
  timeoutSeconds: number;
}

export interface MachineEnd {
  /** idle, working, unknown */
  host: string;
  message: string;
}

/** `finish` of one Machine: tells its node to stop, and says how it was left. */
type FinishMachine = (machine: string, operation: number, workflow: string) => Promise<MachineEnd>;

export interface ExternalContext extends Remote {
  flags: ExternalFlags;
  reads: ExternalReads;
  finishMachine: FinishMachine;
}

export interface ExternalOutcome {
  /** For people. */
  message: string;
  changes: StepResult['changes'];
}

/** Errors: StatusError; Unavailable and Conflict are tried again, the others fail the task. */
export type ExternalStep = (context: ExternalContext) => Promise<ExternalOutcome>;

export type ExternalSteps = ReadonlyMap<ExternalCommand, ExternalStep>;
