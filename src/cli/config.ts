import { parse, YAMLParseError } from 'yaml';
import { StatusError } from '../api/errors.ts';
import { isObject } from '../api/json.ts';
import { parsePolicy, type Policy } from '../api/policy.ts';
import type { Io } from './io.ts';

/**
 * The policy of a file (or the defaults), with the image map of a second file.
 * Errors: BadInput naming the file and every bad key.
 */
export async function readPolicy(io: Io, policyFile?: string, imageMapFile?: string): Promise<Policy> {
  const policy = policyFile === undefined ? {} : await readYaml(io, policyFile);
  if (policy !== null && !isObject(policy)) {
    throw new StatusError(`${policyFile}: expected a mapping of policy keys`, { reason: 'BadInput' });
  }
  if (imageMapFile === undefined) return parsePolicy(policy, policyFile);
  if (policy !== null && Object.hasOwn(policy, 'imageMap')) {
    throw new StatusError(`${policyFile}.imageMap: expected none, since it is read from ${imageMapFile}`, {
      reason: 'BadInput',
    });
  }
  const imageMap = (await readYaml(io, imageMapFile)) ?? {};
  return parsePolicy({ ...policy, imageMap }, policyFile);
}

async function readYaml(io: Io, file: string): Promise<unknown> {
  const text = await readText(io, file);
  try {
    return parse(text) as unknown;
  } catch (error) {
    const where = error instanceof YAMLParseError ? ` (${error.message.split('\n')[0]})` : '';
    throw new StatusError(`${file}: expected YAML${where}`, { reason: 'BadInput', cause: error });
  }
}

export async function readText(io: Io, file: string): Promise<string> {
  try {
    return await io.readFile(file);
  } catch (cause) {
    throw new StatusError(
      `${file}: cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      {
        reason: 'BadInput',
        cause,
      },
    );
  }
}
