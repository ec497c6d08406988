// Why an owner's Machines are not upgraded externally: each text says what to do. Pure.
import { isPausedByOthers, isPausedByUs } from '../api/external-record.ts';
import { capiWork, clusterNameOf, type Ask } from '../api/external-owner.ts';
import { at, list, text, texts } from '../api/fields.ts';
import type { JsonObject } from '../api/json.ts';
import {
  BLOCKED_ANNOTATION,
  OLD_CAPI_ANNOTATION,
  PAUSED_ANNOTATION,
  PENDING_HOOKS_ANNOTATION,
  REMEDIATE_ANNOTATION,
  STRATEGY_EXTERNAL,
  STRATEGY_LABEL,
  UNCOUNTED_MOVE_ANNOTATION,
  UPDATE_IN_PROGRESS_ANNOTATION,
} from '../api/labels.ts';
import { isFinal, knownRecord } from '../api/operation.ts';
import { parseVersion } from '../api/version.ts';
import type { Facts } from './types.ts';

/** What there is around the Machines. */
export interface Surroundings {
  ask: Ask;
  cluster: JsonObject;
  owner: JsonObject;
  /** Of a MachineDeployment. */
  machineSets: readonly JsonObject[];
  facts: Facts & {
    /** Among the Nodes of the Cluster's workers. */
    oldestWorkerVersion?: string;
  };
  /** Names that a client gave; absent: all. */
  named?: readonly string[];
  /** Also Machines that look up to date: another release of the same version. */
  mustRun: boolean;
}

/** kubelets may be so many minor versions older than their API server. */
const MAX_SKEW = 3;

const AGAIN = 'ask again when it has ended';

/** undefined: there is no reason. */
export function ownerRefusal(around: Surroundings, machines: readonly JsonObject[]): string | undefined {
  return (
    optInRefusal(around) ??
    pauseRefusal(around) ??
    namesRefusal(around, machines) ??
    rolloutRefusal(around, machines)
  );
}

function optInRefusal({ owner, cluster, ask }: Surroundings): string | undefined {
  const expected = `${text(cluster, 'metadata', 'namespace') ?? ''}/${text(cluster, 'metadata', 'name') ?? ''}`;
  if (
    clusterNameOf(owner) !== text(cluster, 'metadata', 'name') ||
    ask.namespace !== text(cluster, 'metadata', 'namespace')
  ) {
    return `${whatOf(ask)}: of Cluster ${ask.cluster}, expected ${expected}: name an owner of that Cluster`;
  }
  if (isDeleting(owner) || isDeleting(cluster)) return `${whatOf(ask)} is being deleted`;
  const label = texts(owner, 'metadata', 'labels')[STRATEGY_LABEL];
  return label === STRATEGY_EXTERNAL
    ? undefined
    : `${whatOf(ask)}: label ${STRATEGY_LABEL}: got ${label ?? 'none'}, expected ${STRATEGY_EXTERNAL}: set it, then change the owner`;
}

function pauseRefusal({ owner, cluster, machineSets, ask }: Surroundings): string | undefined {
  if (at(cluster, 'spec', 'paused') === true || PAUSED_ANNOTATION in annotationsOf(cluster)) {
    return `Cluster ${ask.cluster} is paused by somebody else: unpause it first`;
  }
  const paused = [owner, ...machineSets].find((object) => isPausedByOthers(annotationsOf(object)));
  return paused === undefined
    ? undefined
    : `${text(paused, 'kind') ?? 'MachineSet'} ${nameOf(paused)} is paused by somebody else (annotation ${PAUSED_ANNOTATION}): remove that first`;
}

/** Also asked while an upgrade runs. */
export function namesRefusal(
  { ask, named }: Surroundings,
  machines: readonly JsonObject[],
): string | undefined {
  const other = machines.find((machine) => text(machine, 'spec', 'clusterName') !== ask.cluster);
  if (other) {
    return `Machine ${nameOf(other)}: of Cluster ${text(other, 'spec', 'clusterName') ?? 'none'}, expected ${ask.cluster}`;
  }
  if (named === undefined) return undefined;
  const own = machines.map(nameOf);
  const foreign = named.filter((name) => !own.includes(name));
  if (foreign.length > 0) {
    return `Machines ${foreign.join(', ')}: not of ${whatOf(ask)}, expected some of ${own.join(', ') || 'none'}: name Machines of this owner`;
  }
  const missing = own.filter((name) => !named.includes(name));
  return missing.length === 0
    ? undefined
    : `Machines ${missing.join(', ')}: left out, expected all of ${whatOf(ask)}: Cluster API would replace them. Name all, or none`;
}

/** Is Cluster API in the middle of something with these Machines, or would it be after the release? */
function rolloutRefusal(around: Surroundings, machines: readonly JsonObject[]): string | undefined {
  const { owner, machineSets, ask } = around;
  const what = whatOf(ask);
  // Then its conditions stand still, and nothing is scaled before the release.
  const isOurs = isPausedByUs(annotationsOf(owner));
  const active = isOurs ? undefined : capiWork(owner);
  if (active !== undefined) return `${what}: Cluster API is at work (condition ${active}): ${AGAIN}`;
  const { length } = machines;
  if (isOurs ? length > ask.replicas : length !== ask.replicas) {
    const got = `${what}: got ${length} Machines, expected ${ask.replicas}`;
    return isOurs
      ? `${got}: Cluster API would delete some: set spec.replicas to ${length}`
      : `${got}: Cluster API is scaling it, ${AGAIN}`;
  }
  const inUse = machineSets.filter((set) => Number(at(set, 'spec', 'replicas') ?? 1) > 0);
  if (ask.role === 'worker' && inUse.length > 1) {
    const got = `${what}: MachineSets ${inUse.map(nameOf).join(', ')} hold Machines, expected one`;
    return isOurs
      ? `${got}: Cluster API is rolling out, and goes on when label ${STRATEGY_LABEL}, then annotation ${PAUSED_ANNOTATION} are removed`
      : `${got}: Cluster API is rolling out, ${AGAIN}`;
  }
  const busy = machines.find((machine) => UPDATES.some((key) => key in annotationsOf(machine)));
  if (busy) return `Machine ${nameOf(busy)}: Cluster API is updating it in place: ${AGAIN}`;
  return dateRefusal(around, ask.role === 'worker' ? inUse : machines);
}

/** Cluster API replaces what is older than that date, whatever it is like. */
function dateRefusal({ owner, ask }: Surroundings, made: readonly JsonObject[]): string | undefined {
  const after = text(owner, 'spec', 'rollout', 'after');
  if (after === undefined) return undefined;
  const older = made.find(
    (object) => Date.parse(text(object, 'metadata', 'creationTimestamp') ?? '') < Date.parse(after),
  );
  return (
    older &&
    `${whatOf(ask)}: spec.rollout.after: got ${after}, expected a date before ${nameOf(older)} was made, or none: Cluster API would replace Machines`
  );
}

const UPDATES = [UPDATE_IN_PROGRESS_ANNOTATION, PENDING_HOOKS_ANNOTATION, UNCOUNTED_MOVE_ANNOTATION];

export function machineRefusal(machine: JsonObject): string | undefined {
  if (isDeleting(machine)) return 'is being deleted: ask again when it is gone';
  if (isPausedByOthers(annotationsOf(machine))) return 'is paused by somebody else: unpause it first';
  if (OLD_CAPI_ANNOTATION in annotationsOf(machine)) {
    return `has annotation ${OLD_CAPI_ANNOTATION} of Cluster API before 1.12, which compares by it and would replace the Machine: use a newer one, or remove the annotation if it is newer`;
  }
  if (isToBeReplaced(machine)) {
    return `is to be replaced by Cluster API (annotation ${REMEDIATE_ANNOTATION}, or unhealthy): make it healthy and remove that first`;
  }
  const blocked = annotationsOf(machine)[BLOCKED_ANNOTATION];
  if (blocked !== undefined)
    return `is blocked: ${blocked}. Remove its annotation ${BLOCKED_ANNOTATION} to go on`;
  if (text(machine, 'status', 'nodeRef', 'name') === undefined)
    return 'has no Node yet: ask again when it has joined';
  if (text(machine, 'spec', 'bootstrap', 'configRef', 'kind') === undefined) {
    return 'has no bootstrap configuration (spec.bootstrap.configRef): such a Machine cannot be updated in place';
  }
  const record = knownRecord(annotationsOf(machine));
  if (record === undefined) return undefined;
  if (!isFinal(record)) return `operation ${record.number} of it runs: ${AGAIN}`;
  return record.host === 'working'
    ? `the node still works on operation ${record.number}: wait until refit host status shows that it is idle`
    : undefined;
}

/** Its owner does that as soon as it is released. A Machine that we left half-way gets healthy by going on. */
function isToBeReplaced(machine: JsonObject): boolean {
  if (REMEDIATE_ANNOTATION in annotationsOf(machine)) return true;
  const record = knownRecord(annotationsOf(machine));
  if (record !== undefined && record.state !== 'succeeded') return false;
  const conditions = list(machine, 'status', 'conditions');
  return UNHEALTHY.every((type) =>
    conditions.some((each) => text(each, 'type') === type && text(each, 'status') === 'False'),
  );
}

const UNHEALTHY = ['HealthCheckSucceeded', 'OwnerRemediated'];

/** What a Machine alone cannot see. */
export function skewRefusal({ ask, facts }: Surroundings): string | undefined {
  const server = facts.apiServerVersion;
  if (ask.role === 'worker') {
    // By patch, too: of owners that are edited at once the control plane is first, and nothing is done if it fails.
    const isAbove =
      server !== undefined &&
      parseVersion(ask.version, 'version').compare(parseVersion(server, 'API server')) > 0;
    if (!isAbove) return undefined;
    return `${whatOf(ask)}: version: got ${ask.version}, expected at most ${server} of the control plane: upgrade that first`;
  }
  const oldest = facts.oldestWorkerVersion;
  if (oldest === undefined) return undefined;
  const wanted = parseVersion(ask.version, 'version');
  return wanted.minor - parseVersion(oldest, 'version of a worker').minor <= MAX_SKEW
    ? undefined
    : `${whatOf(ask)}: version: got ${ask.version}, but a worker is at ${oldest}, more than ${MAX_SKEW} minor versions older: upgrade the workers first`;
}

export function whatOf({ kind, namespace, name }: Pick<Ask, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}

function annotationsOf(object: JsonObject): Record<string, string> {
  return texts(object, 'metadata', 'annotations');
}

function nameOf(object: JsonObject): string {
  return text(object, 'metadata', 'name') ?? '';
}

function isDeleting(object: JsonObject): boolean {
  return text(object, 'metadata', 'deletionTimestamp') !== undefined;
}
