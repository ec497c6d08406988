import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../../src/api/json.ts';
import { manifestJson } from '../../apiserver/manifest-cache.ts';
import { tool } from '../../tools/build.ts';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** The objects of a kustomization in a module. Errors: what kubectl says. */
export async function kustomize(folder: string): Promise<JsonObject[]> {
  const json = await manifestJson(folder, async () => {
    const kubectl = await tool('kubectl');
    const options = { maxBuffer: MAX_OUTPUT_BYTES };
    const { stdout } = await promisify(execFile)(kubectl, ['kustomize', folder], options);
    return objectsOf(stdout, folder);
  });
  return JSON.parse(json.toString()) as JsonObject[];
}

/** The documents of a YAML text. Errors: where the text comes from, and what is wrong in it. */
export function objectsOf(yaml: string, source: string): JsonObject[] {
  return parseAllDocuments(yaml).map((document) => {
    if (document.errors[0]) throw new Error(`${source}: expected YAML`, { cause: document.errors[0] });
    return document.toJS() as JsonObject;
  });
}
