// A stream of JSON, one value per line, as etcd's gRPC gateway sends it.
import { StatusError } from '../../api/errors.ts';
import { parseJson } from '../../api/json.ts';

const NEWLINE = 0x0a;

/**
 * What is no JSON is undefined. A last line without an end counts: if it was cut, it is no JSON.
 * @param what for the texts of errors
 * Errors: StatusError Failed for a line that is too long; those of the stream.
 */
export async function* jsonLines(
  stream: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
  what: string,
): AsyncGenerator<unknown> {
  let parts: Buffer[] = [];
  let size = 0;
  const line = (): unknown => {
    const text = Buffer.concat(parts).toString('utf8');
    [parts, size] = [[], 0];
    return parseJson(text);
  };
  for await (const chunk of stream) {
    let rest = Buffer.from(chunk);
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      parts.push(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      if (size + end > 0) yield line();
    }
    parts.push(rest);
    size += rest.length;
    if (size <= maxLineBytes) continue;
    throw new StatusError(`${what}: got a line of more than ${maxLineBytes} bytes`, { reason: 'Failed' });
  }
  if (size > 0) yield line();
}
