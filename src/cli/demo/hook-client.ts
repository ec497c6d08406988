// Calls Runtime Hooks the way Cluster API's client does: POST, HTTP/1.1, no Content-Type, answers only by body.
import { request } from 'node:https';
import { StatusError } from '../../api/errors.ts';

export interface HookTarget {
  port: number;
  /** PEM of the server's authority. */
  ca: string;
}

/** Errors: Failed when the answer is not HTTP 200 with JSON. */
export async function callHook(
  target: HookTarget,
  path: string,
  body: string,
): Promise<Record<string, unknown>> {
  const { status, text } = await post(target, path, body);
  if (status !== 200)
    throw new StatusError(`POST ${path}: got HTTP ${status}, expected 200`, { reason: 'Failed' });
  return JSON.parse(text) as Record<string, unknown>;
}

function post(
  { port, ca }: HookTarget,
  path: string,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path: `${path}?timeout=10s`, method: 'POST', ca, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.setHeader('Content-Length', Buffer.byteLength(body));
    call.end(body);
  });
}
