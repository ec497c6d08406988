// The second port: admission, and requests for external upgrades. Its callers are not those of the hooks: the API server,
// which no network policy can name, and people. So the hooks' own port stays closed to them.
import type { TLSSocket } from 'node:tls';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { parseRequest } from '../../api/decode.ts';
import { isOwnerKind } from '../../api/external-owner.ts';
import {
  decodeExternalRequest,
  EXTERNAL_PATH,
  externalResponse,
  type ExternalRequest,
  type ExternalResponse,
} from '../../api/external-request.ts';
import { StatusError } from '../../api/errors.ts';
import type { Log } from '../log.ts';
import { MAX_BODY_BYTES } from '../server.ts';
import type { TlsMaterial } from '../tls.ts';
import type { Access, User } from './access.ts';
import { decodeReview, reviewResponse, type Review, type Verdict } from './admission.ts';

export const ADMIT_OWNER_PATH = '/admission/owner';
export const ADMIT_EDIT_PATH = '/admission/edit';

export interface ExternalServerOptions {
  tls: TlsMaterial;
  log: Log;
  admitOwner: (review: Review) => Verdict;
  admitEdit: (review: Review) => Verdict;
  access: Access;
  answer: (request: ExternalRequest) => Promise<ExternalResponse>;
}

const REQUEST_TIMEOUT_SECONDS = 10;
/** No object in etcd is larger; reviews hold two. */
const MAX_REQUEST_BYTES = 2 * 1024 * 1024;

export type ExternalServer = ReturnType<typeof createExternalServer>;

export function createExternalServer(options: ExternalServerOptions) {
  const { tls, log, access } = options;
  const app = fastify({
    https: { ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_SECONDS * 1000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  const admission = (path: string, admit: (review: Review) => Verdict): void => {
    app.post(path, async (request, reply) => {
      const review = decodeReview(parsed(request));
      const verdict = admit(review);
      if (!verdict.allowed) log.info({ path, reason: verdict.message }, 'admission refused');
      return json(reply, 200, reviewResponse(review.uid, verdict));
    });
  };
  admission(ADMIT_OWNER_PATH, options.admitOwner);
  admission(ADMIT_EDIT_PATH, options.admitEdit);

  /** Of requests that are being answered. */
  const users = new WeakMap<FastifyRequest, User>();
  app.post(EXTERNAL_PATH, {
    bodyLimit: MAX_REQUEST_BYTES,
    // Nothing that strangers send is read.
    onRequest: async (request) => void users.set(request, await access.userOf(callerOf(request, tls))),
    handler: async (request, reply) => {
      const wanted = decodeExternalRequest(parsed(request));
      const { cluster, owner } = wanted;
      // Nobody may do anything with another kind; the answer says so.
      const kind = isOwnerKind(owner.kind) ? owner.kind : 'KubeadmControlPlane';
      const user = users.get(request) ?? {};
      await access.check(user, { kind, namespace: cluster.namespace, name: owner.name });
      return json(reply, 200, await options.answer(wanted));
    },
  });

  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const refused = error instanceof StatusError ? STATUS[error.reason] : error.statusCode;
    // What the framework refuses before our code runs has a status too: body too large, broken length.
    if (refused === undefined) log.error({ path: request.url, err: error }, 'bug in a handler');
    const reason = refused === undefined ? 'internal error: see the log of capi-refit' : error.message;
    void json(reply, refused ?? 500, externalResponse({ accepted: false, reason }));
  });

  return {
    /** Port 0: any free one. Returns the port. */
    async listen(host: string, port: number): Promise<number> {
      await app.listen({ host, port });
      const address = app.server.address();
      if (typeof address !== 'object' || !address)
        throw new StatusError('not listening', { reason: 'Failed' });
      return address.port;
    },
    setTls: (material: TlsMaterial): void => app.server.setSecureContext(material),
    close: () => app.close(),
  };
}

const STATUS: Readonly<Record<StatusError['reason'], number>> = {
  BadInput: 400,
  Forbidden: 403,
  NotFound: 404,
  Conflict: 409,
  AlreadyExists: 409,
  Unavailable: 503,
  Failed: 500,
};

function parsed(request: FastifyRequest): unknown {
  return parseRequest(typeof request.body === 'string' ? request.body : '');
}

function callerOf(request: FastifyRequest, tls: TlsMaterial) {
  return {
    hasClientCertificate: tls.ca !== undefined && (request.raw.socket as TLSSocket).authorized,
    authorization: request.headers.authorization,
  };
}

function json(reply: FastifyReply, code: number, body: object) {
  return reply.code(code).type('application/json').send(JSON.stringify(body));
}
