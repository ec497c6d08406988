// The contract of `refit status -o json`.
import type { ExternalRecord } from '../../api/external-record.ts';
import type { OperationRecord } from '../../api/operation.ts';
import type { Role } from '../../api/steps.ts';

/**
 * waiting: the update was or will be asked for, others must act first. queued: the owner asks for another version, Cluster
 * API has not begun with this Machine. blocked: Refit refuses, or was told to; only a person can go on.
 */
export const MACHINE_STATES = [
  'up to date',
  'queued',
  'waiting',
  'updating',
  'stopping',
  'blocked',
  'failed',
  'cancelled',
  'deleting',
  'no node',
] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

export interface MachineStatus {
  name: string;
  role: Role;
  node?: string;
  /** spec.version */
  version?: string;
  /** What the Node reports. */
  kubelet?: string;
  state: MachineState;
  /** When the state began (RFC 3339), if that is known. */
  since?: string;
  /** When Refit last refused. */
  toldAt?: string;
  /** What it does, or why it does nothing. */
  message?: string;
  step?: { name: string; number: number; of: number; startedAt?: string };
  operation?: Pick<OperationRecord, 'number' | 'state' | 'from' | 'to' | 'startedAt' | 'finishedAt'> & {
    workflow: string;
  };
}

export interface OwnerStatus {
  kind: 'KubeadmControlPlane' | 'MachineDeployment' | 'none';
  name: string;
  /** Version that it asks for. */
  version?: string;
  strategy?: string;
  paused: boolean;
  /** The last upgrade that Refit does or did for it in place of Cluster API. */
  upgrade?: ExternalRecord;
  /** It was asked for again, and has not begun. */
  retry?: true;
  machines: MachineStatus[];
}

export interface ClusterStatus {
  namespace: string;
  name: string;
  strategy?: string;
  paused: boolean;
  owners: OwnerStatus[];
}

export interface StatusOutput {
  at: string;
  clusters: ClusterStatus[];
}
