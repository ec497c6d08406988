// What keeps Cluster API from updating the Machines of an owner in place. Pure.
import type { JsonObject } from '../api/json.ts';
import { STRATEGY_EXTERNAL, STRATEGY_LABEL } from '../api/labels.ts';
import { at, text } from '../kubernetes/fields.ts';

const USE_EXTERNAL = `label it ${STRATEGY_LABEL}=${STRATEGY_EXTERNAL}`;

export interface InPlaceProblem {
  problem: string;
  remedy: string;
}

export function inPlaceProblem(
  kind: 'KubeadmControlPlane' | 'MachineDeployment',
  owner: JsonObject,
): InPlaceProblem | undefined {
  if (kind === 'KubeadmControlPlane' && Number(at(owner, 'spec', 'replicas') ?? 1) === 1) {
    return { problem: 'one replica, which Cluster API never updates in place', remedy: USE_EXTERNAL };
  }
  const strategy = at(owner, 'spec', 'rollout', 'strategy');
  if (text(strategy, 'type') === 'OnDelete') {
    return { problem: 'OnDelete is never updated in place', remedy: USE_EXTERNAL };
  }
  const given = at(strategy, 'rollingUpdate', 'maxSurge');
  const surge = typeof given === 'number' || typeof given === 'string' ? given : 1;
  if (/^0%?$/.test(String(surge))) return undefined;
  return {
    problem: `maxSurge ${surge} makes a new Machine first`,
    remedy: 'set spec.rollout.strategy.rollingUpdate.maxSurge: 0',
  };
}
