// What planning takes and gives. Pure data.
import type { ObjectName } from '../api/hooks.ts';
import type { JsonValue } from '../api/json.ts';
import type { Role, StepGroup, StepName } from '../api/steps.ts';

/** What the server knows beside the request. Absent: unknown, and then not checked here (preflight does). */
export interface Facts {
  /** Oldest version among the Cluster's control-plane nodes. */
  apiServerVersion?: string;
  /** What the Node of the Machine reports now (UpdateMachine shows no current state). */
  nodeVersion?: string;
  /** Room for maintenance windows: only `open` exists today. */
  admission: 'open';
}

export interface Difference {
  object: ObjectName;
  /** JSON pointer from the object's root. */
  path: string;
  /** Absent: the field is not there on that side. Sensitive values are given as `sha256:...`. */
  from?: JsonValue;
  to?: JsonValue;
  verdict: 'claimed' | 'uncovered';
  reason: string;
}

export interface PlannedStep {
  name: StepName;
  group: StepGroup;
  /** May running pods or the control plane of that node feel it? */
  disruptive: boolean;
  reason: string;
}

/** RFC 6902 operation; only these three are used. */
export type PatchOperation =
  { op: 'add' | 'replace'; path: string; value: JsonValue } | { op: 'remove'; path: string };

/** The work on one machine: a pure function of request, policy and facts. */
export interface Plan {
  role: Role;
  kubernetes: string;
  /** Name in the image map; undefined when there is no image map (`refit plan`). */
  release?: string;
  hash: string;
  steps: readonly PlannedStep[];
}

export interface Decision {
  decision: 'accept' | 'block' | 'replace' | 'reject';
  reason: string;
  differences: readonly Difference[];
  steps: readonly PlannedStep[];
  /** By object, only where there is something to change: the claimed differences. */
  patches: Partial<Record<ObjectName, readonly PatchOperation[]>>;
}
