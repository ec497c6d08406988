import { request, type RequestOptions } from 'node:https';

export interface Answer {
  status: number;
  text: string;
  json: () => Record<string, unknown>;
}

/** One HTTPS call on loopback, without a Content-Type unless given, on a connection of its own. */
export function call(
  port: number,
  options: RequestOptions & { path: string; body?: string | Buffer },
): Promise<Answer> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, agent: false, method: body === undefined ? 'GET' : 'POST', ...rest },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text,
            json: () => JSON.parse(text) as Record<string, unknown>,
          }),
        );
      },
    );
    sent.on('error', reject);
    if (body !== undefined) sent.setHeader('Content-Length', Buffer.byteLength(body));
    sent.end(body);
  });
}
