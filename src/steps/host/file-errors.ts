// Errors of the file system as StatusErrors that name the path and the errno.
import { getSystemErrorMap } from 'node:util';
import { StatusError } from '../../api/errors.ts';
import { isObject } from '../../api/json.ts';

/** `ENOENT`; undefined for what is no error of a system call. */
export function errorCode(error: unknown): string | undefined {
  return isObject(error) && typeof error['code'] === 'string' ? error['code'] : undefined;
}

/** `ENOSPC (no space left on device)`, or the message of what is no error of a system call. */
export function systemError(error: unknown): string {
  if (!isObject(error)) return 'unknown error';
  const known = typeof error['errno'] === 'number' ? getSystemErrorMap().get(error['errno']) : undefined;
  if (known) return `${known[0]} (${known[1]})`;
  return typeof error['message'] === 'string' ? error['message'] : 'unknown error';
}

/** No such path: also when what should be a folder on the way is a file. */
export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** What `work` gives. Errors: those of fileError. */
export async function onPath<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(path, what, error);
  }
}

/** Failed, `<path>: cannot <be read>: <errno>`; a StatusError stays as it is. */
export function fileError(path: string, what: string, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const message = `${path}: cannot ${what}: ${systemError(error)}`;
  return new StatusError(message, { reason: 'Failed', cause: error });
}

/** The same; undefined for an absent path. */
export async function ifPresent<T>(
  path: string,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  return onPath(path, what, () =>
    work().catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    }),
  );
}
