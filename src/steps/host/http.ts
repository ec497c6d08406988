// HTTP to the machine's own services: health ports, etcd, the API server. No proxies, no redirects, no kept connections.
import * as plain from 'node:http';
import * as secure from 'node:https';
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import { systemError } from './file-errors.ts';
import type { HttpAnswer, HttpRequest } from './host.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

interface Opened {
  response: plain.IncomingMessage;
  /** Why the rest could not be read. */
  failure: (error: unknown) => StatusError;
  close: () => void;
}

/** As Host.http; a body of more than 4 MiB is an error. `timeoutSeconds` is for all of it. */
export async function httpRequest(request: HttpRequest, clock: Clock): Promise<HttpAnswer> {
  const { response, failure, close } = await send(request, clock);
  try {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > MAX_BODY_BYTES) throw new Error(`an answer of more than ${MAX_BODY_BYTES} bytes`);
      parts.push(part);
    }
    const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    return {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: Buffer.concat(parts).toString('utf8'),
    };
  } catch (error) {
    throw failure(error);
  } finally {
    close();
  }
}

/** As Host.download; an answer other than 200 is an error. `timeoutSeconds` is for all of it. */
export async function download(request: HttpRequest, clock: Clock): Promise<AsyncIterable<Uint8Array>> {
  const { response, failure, close } = await send(request, clock);
  if (response.statusCode !== 200) {
    close();
    throw failure(new Error(`status: got ${response.statusCode}, expected 200`));
  }
  return (async function* body() {
    try {
      yield* response as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw failure(error);
    } finally {
      close();
    }
  })();
}

function send(request: HttpRequest, clock: Clock): Promise<Opened> {
  const { url, method = 'GET', headers = {}, timeoutSeconds } = request;
  const done = new AbortController();
  let isLate = false;
  const failure = (error: unknown): StatusError => {
    const reason = isLate ? `no complete answer in ${timeoutSeconds} s` : systemError(error);
    const message = `${method} ${shown(url)}: ${reason}`;
    return new StatusError(message, { reason: 'Unavailable', cause: error });
  };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      done.abort();
      reject(failure(error));
    };
    try {
      const { request: open } = new URL(url).protocol === 'https:' ? secure : plain;
      const options = { method, headers, agent: false, ...tlsOptions(request.tls) };
      const sent = open(url, options, (response) => {
        // Told to whoever reads it; nobody may be reading yet.
        response.on('error', () => undefined);
        const close = (): void => {
          done.abort();
          sent.destroy();
        };
        resolve({ response, failure, close });
      });
      sent.on('error', fail);
      sent.end(request.body);
      void clock.sleep(timeoutSeconds, done.signal).then(() => {
        if (done.signal.aborted) return;
        isLate = true;
        sent.destroy(new Error('too late'));
      });
    } catch (error) {
      fail(error);
    }
  });
}

function tlsOptions(tls: HttpRequest['tls']): secure.RequestOptions {
  if (tls === undefined) return {};
  const { ca, ...client } = tls;
  return { ...client, ...(ca === 'any' ? { rejectUnauthorized: false } : { ca }) };
}

/** Without what might be a secret: user, password, query. */
function shown(url: string): string {
  return URL.canParse(url) ? new URL(url).origin + new URL(url).pathname : 'malformed URL';
}
