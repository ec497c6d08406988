// Webhooks of a process on this machine instead of those of a Service: no Service routes here.
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import { isObject } from '../../../src/api/json.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';

export interface Endpoint {
  /** Without a path. */
  url: string;
  /** PEM. */
  ca: string;
}

/** A copy of a CustomResourceDefinition, or of a mutating or validating configuration. Errors: which webhook has no service. */
export function withLocalWebhooks(object: JsonObject, endpoint: Endpoint): JsonObject {
  const copy = structuredClone(object);
  const what = `${text(copy, 'kind')} ${text(copy, 'metadata', 'name')}`;
  for (const config of clientConfigs(copy)) {
    const path = text(config, 'service', 'path');
    if (!isObject(config) || path === undefined) {
      throw new Error(`${what}: got ${JSON.stringify(config)}, expected a webhook of a service with a path`);
    }
    delete config['service'];
    config['url'] = `${endpoint.url}${path}`;
    config['caBundle'] = Buffer.from(endpoint.ca).toString('base64');
  }
  return copy;
}

/** Of the same kinds of objects, to be changed in place. */
export function clientConfigs(object: JsonObject): JsonValue[] {
  if (text(object, 'kind') === 'CustomResourceDefinition') {
    const isConverted = text(object, 'spec', 'conversion', 'strategy') === 'Webhook';
    return isConverted ? [at(object, 'spec', 'conversion', 'webhook', 'clientConfig') ?? null] : [];
  }
  return list(object, 'webhooks').map((webhook) => at(webhook, 'clientConfig') ?? null);
}
