import type { JsonObject } from '../api/json.ts';
import { STRATEGY_LABEL } from '../api/labels.ts';
import { texts } from '../kubernetes/fields.ts';

/** How a Cluster, or an owner of Machines, opted in; undefined: it did not. */
export function strategyOf(object: JsonObject): string | undefined {
  return texts(object, 'metadata', 'labels')[STRATEGY_LABEL];
}
