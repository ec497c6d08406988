import { badInput, StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { at, text } from '../../kubernetes/fields.ts';
import { secretPath } from './paths.ts';

/**
 * Content of an entry of a KubeadmConfig's files, still encoded: what stands in it, or in the Secret that it names.
 * Errors: BadInput naming file, Secret and key.
 */
export async function readContent(
  management: ApiClient,
  namespace: string,
  file: JsonObject,
): Promise<Buffer> {
  const source = at(file, 'contentFrom');
  if (source === undefined) return Buffer.from(text(file, 'content') ?? '');
  const field = `files[${text(file, 'path') ?? ''}].contentFrom`;
  const [name, key] = [text(source, 'secret', 'name'), text(source, 'secret', 'key')];
  if (name === undefined || key === undefined) throw badInput(field, source, 'a Secret with name and key');
  const secret = await readSecret(management, namespace, name, field);
  const value = at(secret, 'data', key);
  if (typeof value !== 'string') {
    throw badInput(`${field}: Secret ${namespace}/${name} data[${key}]`, undefined, 'content');
  }
  return Buffer.from(value, 'base64');
}

async function readSecret(
  management: ApiClient,
  namespace: string,
  name: string,
  field: string,
): Promise<JsonObject> {
  try {
    return await management.get(secretPath(namespace, name));
  } catch (error) {
    if (!(error instanceof StatusError) || !['NotFound', 'Forbidden', 'BadInput'].includes(error.reason))
      throw error;
    const expected = `${namespace}/${name} to be there, and in the list contentSecrets of the installation`;
    throw new StatusError(`${field}: ${error.message}, expected ${expected}`, { reason: 'BadInput' });
  }
}
