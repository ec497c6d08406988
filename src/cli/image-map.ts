// The policy and the image map as the ConfigMaps of an installation hold them. Pure.
import { parse } from 'yaml';
import { StatusError } from '../api/errors.ts';
import { IMAGE_MAP_KEY } from '../api/install.ts';
import type { JsonObject } from '../api/json.ts';
import { parsePolicy, type ImageMap, type Policy } from '../api/policy.ts';
import { POLICY_KEY } from '../charts/names.ts';
import { texts } from '../kubernetes/fields.ts';

/** Errors: BadInput naming what is wrong. */
export function policyOf(configMap: JsonObject): Policy {
  return parsePolicy(readYaml(configMap, POLICY_KEY), 'policy');
}

/** Errors: BadInput naming what is wrong. */
export function imageMapOf(configMap: JsonObject): ImageMap {
  return parsePolicy({ imageMap: readYaml(configMap, IMAGE_MAP_KEY) ?? {} }, 'image map').imageMap ?? {};
}

function readYaml(configMap: JsonObject, key: string): unknown {
  try {
    return parse(texts(configMap, 'data')[key] ?? '') as unknown;
  } catch (cause) {
    throw new StatusError(`${key}: expected YAML`, { reason: 'BadInput', cause });
  }
}
