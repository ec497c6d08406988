// Which owners of Machines are to be edited, how, and in which order; or why nothing is. Pure.
import type { ImageMap } from '../../api/policy.ts';
import type { JsonObject } from '../../api/json.ts';
import {
  PAUSED_ANNOTATION,
  PAUSED_BY_US,
  RELEASE_ANNOTATION,
  STRATEGY_EXTERNAL,
  STRATEGY_IN_PLACE,
  STRATEGY_LABEL,
} from '../../api/labels.ts';
import { versionRefusal } from '../../api/version.ts';
import { at, text, texts } from '../../kubernetes/fields.ts';
import type { Change } from '../../steps/api/change.ts';
import { inPlaceProblem } from '../in-place-problem.ts';
import { strategyOf } from '../strategy-of.ts';
import { targetOf, type Target, type Wanted } from './target.ts';

export interface UpgradeFacts {
  cluster: JsonObject;
  controlPlanes: readonly JsonObject[];
  machineDeployments: readonly JsonObject[];
  /** undefined: it cannot be read; then the server alone judges. */
  imageMap: ImageMap | undefined;
  /** Why nothing would pause an owner that Refit upgrades. */
  webhookProblem?: string | undefined;
}

export type OwnerKind = 'KubeadmControlPlane' | 'MachineDeployment';

export interface Stage {
  kind: OwnerKind;
  name: string;
  door: typeof STRATEGY_EXTERNAL | typeof STRATEGY_IN_PLACE;
  /** What it asks for before. */
  from: string;
  version: string;
  release?: string;
  /** undefined: nothing to write, only to wait for. Of the Cluster: its topology writes the owners. */
  edit?: Edit;
}

export interface Edit extends Change {
  kind: OwnerKind | 'Cluster';
  name: string;
  /** Version that it says now: it must still say so when it is edited. */
  from: string;
}

/** The control plane first, then the workers; each waits for the one before. */
export function decideUpgrade(
  facts: UpgradeFacts,
  wanted: Wanted,
): { stages: Stage[] } | { refusal: string } {
  const target = targetOf(facts.imageMap, wanted);
  if ('refusal' in target) return target;
  const owners = [
    ...facts.controlPlanes.map((owner) => ['KubeadmControlPlane', owner] as const),
    ...facts.machineDeployments.map((owner) => ['MachineDeployment', owner] as const),
  ];
  if (owners.length === 0) return { refusal: 'it has neither a KubeadmControlPlane nor MachineDeployments' };
  const stages: Stage[] = [];
  for (const [kind, owner] of owners) {
    const stage = stageOf(kind, owner, facts, target);
    if ('refusal' in stage) return { refusal: `${kind} ${nameOf(owner)}: ${stage.refusal}` };
    stages.push(stage);
  }
  return withTopology(facts.cluster, stages, target);
}

function stageOf(
  kind: OwnerKind,
  owner: JsonObject,
  { cluster, webhookProblem }: UpgradeFacts,
  target: Target,
): Stage | { refusal: string } {
  const { version, release } = target;
  const door = doorOf(owner, cluster);
  if (door === undefined) {
    return {
      refusal: `not opted in, Cluster API would replace its Machines: label the Cluster ${STRATEGY_LABEL}=${STRATEGY_IN_PLACE}, or this owner ${STRATEGY_LABEL}=${STRATEGY_EXTERNAL}`,
    };
  }
  const from = versionOf(owner);
  if (from === undefined) return { refusal: 'it says no Kubernetes version' };
  const annotations = texts(owner, 'metadata', 'annotations');
  const stage: Stage = {
    kind,
    name: nameOf(owner),
    door,
    from,
    version,
    ...(release === undefined ? {} : { release }),
  };
  const isOtherRelease =
    annotations[RELEASE_ANNOTATION] !== release && (release !== undefined || from !== version);
  const needsRelease = door === STRATEGY_EXTERNAL && isOtherRelease;
  if (from === version && !needsRelease) {
    if (release === undefined || door === STRATEGY_EXTERNAL) return stage;
    return {
      refusal: `is at ${version} already; other components at the same version need the label ${STRATEGY_LABEL}=${STRATEGY_EXTERNAL} on it`,
    };
  }
  const refusal =
    versionRefusal(from, version, 'version') ??
    pauseRefusal(cluster, annotations) ??
    (door === STRATEGY_IN_PLACE ? inPlaceRefusal(kind, owner, target) : unheldRefusal(webhookProblem));
  if (refusal !== undefined) return { refusal };
  const spec: JsonObject = kind === 'KubeadmControlPlane' ? { version } : { template: { spec: { version } } };
  const edit = {
    kind,
    name: stage.name,
    from,
    annotations: needsRelease ? { [RELEASE_ANNOTATION]: release ?? null } : {},
    ...(from === version ? {} : { spec }),
  };
  return { ...stage, edit };
}

/** Where an owner says its version. */
export function versionOf(object: JsonObject): string | undefined {
  return (
    text(object, 'spec', 'version') ??
    text(object, 'spec', 'template', 'spec', 'version') ??
    text(object, 'spec', 'topology', 'version')
  );
}

/** Of a Cluster with a topology the version is written there, once, and CAPI brings it to the owners in its order. */
function withTopology(
  cluster: JsonObject,
  stages: Stage[],
  { version, release }: Target,
): { stages: Stage[] } | { refusal: string } {
  const current = text(cluster, 'spec', 'topology', 'version');
  if (current === undefined || stages.every(({ from }) => from === version)) return { stages };
  if (release !== undefined) {
    return { refusal: `its topology writes the version: first --to ${version}, then --release ${release}` };
  }
  const spec = { topology: { version } };
  const edit: Edit = { kind: 'Cluster', name: nameOf(cluster), from: current, annotations: {}, spec };
  const isWritten = current === version;
  for (const stage of stages) delete stage.edit;
  const [first, ...rest] = stages;
  return { stages: first && !isWritten ? [{ ...first, edit }, ...rest] : stages };
}

function doorOf(owner: JsonObject, cluster: JsonObject): Stage['door'] | undefined {
  if (strategyOf(owner) === STRATEGY_EXTERNAL) return STRATEGY_EXTERNAL;
  return strategyOf(cluster) === STRATEGY_IN_PLACE ? STRATEGY_IN_PLACE : undefined;
}

function pauseRefusal(
  cluster: JsonObject,
  annotations: Readonly<Record<string, string>>,
): string | undefined {
  if (at(cluster, 'spec', 'paused') === true)
    return 'its Cluster is paused (spec.paused): take that away first';
  const pause = annotations[PAUSED_ANNOTATION];
  if (pause === undefined || pause === PAUSED_BY_US) return undefined;
  return `paused by somebody else (annotation ${PAUSED_ANNOTATION}): take that away first`;
}

/** Cluster API would be first. */
function unheldRefusal(problem: string | undefined): string | undefined {
  return problem && `Cluster API would replace its Machines: ${problem}`;
}

function inPlaceRefusal(kind: OwnerKind, owner: JsonObject, { release, usual }: Target): string | undefined {
  const found = inPlaceProblem(kind, owner);
  if (found) return `${found.problem}: ${found.remedy}`;
  if (release === undefined || release === usual) return undefined;
  return `of one version the last release by name is taken (${usual ?? 'none'}); another one needs the label ${STRATEGY_LABEL}=${STRATEGY_EXTERNAL} on it`;
}

function nameOf(object: JsonObject): string {
  return text(object, 'metadata', 'name') ?? '';
}
