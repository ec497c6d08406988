// What a story says of an owner of Machines, whichever it is, and whether it is declared or made from a topology.
import type { JsonObject } from '../../../src/api/json.ts';
import { STRATEGY_EXTERNAL, STRATEGY_LABEL } from '../../../src/api/labels.ts';

export interface OwnerSettings {
  /** Its upgrades are Refit's: it has our label. */
  external?: boolean;
  /** CAPI brings it to the Machines without a rollout. Default: 10. */
  drainSeconds?: number;
}

export function ownerLabels({ external = false }: OwnerSettings): Record<string, string> {
  return external ? { [STRATEGY_LABEL]: STRATEGY_EXTERNAL } : {};
}

export function machineDeletion({ drainSeconds = 10 }: OwnerSettings): JsonObject {
  return { nodeDrainTimeoutSeconds: drainSeconds, nodeDeletionTimeoutSeconds: 10 };
}
