// One entry of a KubeadmConfig's files as it ends up on a disk: what cloud-init makes of it. Pure.
import { gunzipSync } from 'node:zlib';
import type { DesiredFile } from '../../api/desired-configuration.ts';
import { badInput } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { at, text } from '../../kubernetes/fields.ts';

/** No file is larger than the Secret that takes it to the node. */
const MAX_BYTES = 1024 * 1024;

/** Why a file cannot be written on a node that runs; it is left alone there. undefined: it can. */
export function leftAlone(file: JsonObject): string | undefined {
  const path = text(file, 'path') ?? '';
  if (!/^\/[^\0]*$/.test(path)) return 'not an absolute path';
  if (at(file, 'append') === true) return 'appending to a file is not repeatable';
  if (text(file, 'contentFormat') === 'Template') return 'a template of Cluster API';
  return undefined;
}

/** With cloud-init's defaults. `content` is that of the entry, or of its Secret. Errors: BadInput naming the file, not its content. */
export function desiredFile(file: JsonObject, content: Buffer): DesiredFile {
  const path = text(file, 'path') ?? '';
  const permissions = text(file, 'permissions') ?? '0644';
  if (!/^0?[0-7]{3,4}$/.test(permissions)) {
    throw badInput(`files[${path}].permissions`, permissions, 'an octal mode like 0640');
  }
  const owner = text(file, 'owner') ?? 'root:root';
  return {
    path,
    owner: owner.includes(':') ? owner : `${owner}:root`,
    permissions: permissions.slice(-4),
    content: decoded(path, text(file, 'encoding'), content).toString('base64'),
  };
}

function decoded(path: string, encoding: string | undefined, content: Buffer): Buffer {
  switch (encoding) {
    case undefined:
      return withOneLineEnd(content);
    case 'base64':
      return fromBase64(path, content);
    case 'gzip':
      return unzipped(path, content);
    case 'gzip+base64':
      return unzipped(path, fromBase64(path, content));
    default:
      throw badInput(`files[${path}].encoding`, encoding, 'base64, gzip or gzip+base64');
  }
}

/** Plain content is a YAML block in cloud-init's configuration: it ends with exactly one line end. */
function withOneLineEnd(content: Buffer): Buffer {
  const trimmed = content.toString('latin1').replace(/\n+$/, '');
  return Buffer.from(trimmed === '' ? '' : `${trimmed}\n`, 'latin1');
}

function fromBase64(path: string, content: Buffer): Buffer {
  const compact = content.toString('latin1').replaceAll(/\s/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    throw badInput(`files[${path}].content`, `${content.length} bytes`, 'base64, as its encoding says');
  }
  return Buffer.from(compact, 'base64');
}

function unzipped(path: string, content: Buffer): Buffer {
  try {
    return gunzipSync(content, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const expected = isTooLarge ? `at most ${MAX_BYTES} bytes unpacked` : 'gzip, as its encoding says';
    throw badInput(`files[${path}].content`, `${content.length} bytes`, expected);
  }
}
