// HTTPS: routes from the table, limits, health, metrics, shutdown. No decisions.
import type { TLSSocket } from 'node:tls';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { decodeDiscovery, parseRequest, subjectOf } from '../api/decode.ts';
import { StatusError } from '../api/errors.ts';
import { failure, type HookName, type HookResponse } from '../api/hooks.ts';
import { DISCOVERY_PATH, discoveryResponse, hookPath, HOOKS, type Handlers } from './hooks.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { TlsMaterial } from './tls.ts';

export interface ServerOptions {
  tls: TlsMaterial;
  handlers: Handlers;
  metrics: Metrics;
  log: Log;
  /** Are the caches filled? */
  ready: () => boolean;
}

/** CAPI sets no limit on requests; whole objects are well below this. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Below CAPI's 10 s, so that our reason arrives and not its timeout. */
const REQUEST_TIMEOUT_SECONDS = 8;

export function createServer(options: ServerOptions) {
  const { tls, handlers, metrics, log } = options;
  const app = fastify({
    https: { ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    bodyLimit: MAX_BODY_BYTES,
    // Slow bodies must not hold sockets; answers have a bound of their own.
    requestTimeout: REQUEST_TIMEOUT_SECONDS * 1000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });

  // CAPI sends no Content-Type: take every body as bytes and parse it ourselves.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  const hook = (name: HookName, path: string, handle: (body: unknown) => Promise<HookResponse>): void => {
    const respond = async (request: FastifyRequest, reply: FastifyReply) => {
      const timer = metrics.requestDuration.startTimer({ hook: name });
      const response = isTrusted(request, tls)
        ? await answer(name, request.body, handle, log)
        : failure(
            name,
            'client certificate: got none that is trusted, expected one of the configured authority',
          );
      timer();
      metrics.requests.inc({ hook: name, status: response.status });
      return reply.type('application/json').send(JSON.stringify(response));
    };
    app.post(path, {
      handler: respond,
      errorHandler: (error, _request, reply) => {
        // What the framework refuses before our code runs: body too large, broken length.
        metrics.requests.inc({ hook: name, status: 'Failure' });
        const message =
          error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
            ? `request: got a larger body, expected at most ${MAX_BODY_BYTES} bytes`
            : `request: got a body that cannot be read (${error.code}), expected a JSON object`;
        void reply
          .code(200)
          .type('application/json')
          .send(JSON.stringify(failure(name, message)));
      },
    });
  };

  hook('Discovery', DISCOVERY_PATH, async (body) => {
    decodeDiscovery(body);
    return discoveryResponse();
  });
  for (const row of HOOKS) hook(row.hook, hookPath(row), handlers[row.handle]);

  app.get('/livez', () => 'ok');
  app.get('/readyz', (_request, reply) =>
    options.ready() ? 'ok' : reply.code(503).send('caches are not filled yet'),
  );
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  return {
    /** Port 0: any free one. Returns the port. */
    async listen(host: string, port: number): Promise<number> {
      await app.listen({ host, port });
      const address = app.server.address();
      if (typeof address !== 'object' || !address)
        throw new StatusError('not listening', { reason: 'Failed' });
      return address.port;
    },
    /** For new connections; running ones keep theirs. */
    setTls(material: TlsMaterial): void {
      app.server.setSecureContext(material);
    },
    /** Stops listening and finishes the answers in flight. */
    close: () => app.close(),
  };
}

export type Server = ReturnType<typeof createServer>;

/** Every failure of a hook becomes an answer. Logged here, since CAPI shows a refusal to nobody; bugs with their stack. */
async function answer(
  hook: HookName,
  body: unknown,
  handle: (body: unknown) => Promise<HookResponse>,
  log: Log,
): Promise<HookResponse> {
  let parsed: unknown;
  try {
    parsed = parseRequest(typeof body === 'string' ? body : '');
    const response = await withinTimeout(handle(parsed));
    if (response.status === 'Failure')
      log.warn({ hook, machine: subjectOf(parsed), reason: response.message }, 'refused');
    return response;
  } catch (error) {
    const machine = subjectOf(parsed);
    if (error instanceof StatusError) {
      log.warn({ hook, machine, reason: error.message }, 'refused');
      return failure(hook, error.message);
    }
    log.error({ hook, machine, err: error }, 'bug in a hook handler');
    return failure(hook, 'internal error: see the log of capi-refit');
  }
}

async function withinTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const message = `no answer within ${REQUEST_TIMEOUT_SECONDS} s, ask again`;
      reject(new StatusError(message, { reason: 'Unavailable' }));
    }, REQUEST_TIMEOUT_SECONDS * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isTrusted(request: FastifyRequest, tls: TlsMaterial): boolean {
  return tls.ca === undefined || (request.raw.socket as TLSSocket).authorized;
}
