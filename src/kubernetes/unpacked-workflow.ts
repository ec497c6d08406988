import { gunzipSync } from 'node:zlib';
import { at, text } from '../api/fields.ts';
import { isObject, type JsonObject, type JsonValue } from '../api/json.ts';

/** No Workflow of ours comes near. */
const MAX_BYTES = 64 * 1024 * 1024;

/** With its nodes: Argo compresses those of a Workflow that would be larger than 1 MB. */
export function unpackedWorkflow(workflow: JsonObject): JsonObject {
  const packed = text(workflow, 'status', 'compressedNodes');
  if (packed === undefined) return workflow;
  const bytes = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_BYTES });
  const status = at(workflow, 'status');
  const nodes = JSON.parse(bytes.toString()) as JsonValue;
  return { ...workflow, status: { ...(isObject(status) ? status : {}), nodes } };
}
