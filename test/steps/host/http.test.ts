import type { RequestListener } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import { systemClock } from '../../../src/cli/clock.ts';
import type { HttpRequest } from '../../../src/steps/host/host.ts';
import { httpRequest } from '../../../src/steps/host/http.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { until } from '../../helpers/until.ts';
import { loopback } from './loopback.ts';

interface Pair {
  cert: string;
  private: string;
}

let ca: Pair;
let serving: Pair;
let client: Pair;
beforeAll(async () => {
  ca = await generate([{ name: 'commonName', value: 'ca' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const signed = (name: string) =>
    generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: ca.private, cert: ca.cert },
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
  serving = await signed('serving');
  client = await signed('healthcheck-client');
});
const servers = loopback();
afterEach(() => servers.close());

/** What a server is given that asks clients for a certificate, or does not. */
const mutual = (requestCert: boolean) => ({
  cert: serving.cert,
  key: serving.private,
  ca: ca.cert,
  requestCert,
  rejectUnauthorized: requestCert,
});
const clock = systemClock();
const get = (url: string, more: Partial<HttpRequest> = {}) =>
  httpRequest({ url, timeoutSeconds: 5, ...more }, clock);

describe('a request', () => {
  it('is answered with status, headers in lower case, and body', async () => {
    const url = await servers.listen((request, response) => {
      response.writeHead(503, { 'X-Thing': ['a', 'b'] });
      void request
        .toArray()
        .then((body: Buffer[]) =>
          response.end(`${request.method} ${String(request.headers['x-asked'])} ${body.join('')}`),
        );
    });
    const answer = await get(url, { method: 'POST', body: '{"a":1}', headers: { 'X-Asked': 'yes' } });
    expect(answer).toMatchObject({ status: 503, body: 'POST yes {"a":1}', headers: { 'x-thing': 'a, b' } });
  });

  it('over TLS shows its certificate to a server that it knows', async () => {
    const url = await servers.listenSecurely(mutual(true), (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.end(String(subject.CN));
    });
    const tls = { ca: ca.cert, cert: client.cert, key: client.private };
    expect(await get(url, { tls })).toMatchObject({ status: 200, body: 'healthcheck-client' });
  });

  it('over TLS is refused without a certificate, or with one of another authority', async () => {
    const url = await servers.listenSecurely(mutual(true), (_request, response) => response.end('seen'));
    const other = await generate([{ name: 'commonName', value: 'healthcheck-client' }], {
      keyType: 'ec',
      algorithm: 'sha256',
    });
    const strange = { ca: ca.cert, cert: other.cert, key: other.private };
    for (const tls of [{ ca: ca.cert }, strange]) {
      await expect(get(url, { tls })).rejects.toMatchObject({ reason: 'Unavailable' });
    }
  });

  it('over TLS trusts nobody but the authority that is given, or with "any" everybody', async () => {
    const url = await servers.listenSecurely(mutual(false), (_request, response) => response.end('healthy'));
    const reason = { reason: 'Unavailable' };
    await expect(get(url)).rejects.toMatchObject(reason);
    await expect(get(url, { tls: { ca: client.cert } })).rejects.toMatchObject(reason);
    expect(await get(url, { tls: { ca: ca.cert } })).toMatchObject({ body: 'healthy' });
    expect(await get(url, { tls: { ca: 'any' } })).toMatchObject({ body: 'healthy' });
  });

  it('follows no redirect', async () => {
    const url = await servers.listen((_request, response) =>
      response.writeHead(302, { location: '/other' }).end(),
    );
    expect(await get(url)).toMatchObject({ status: 302, headers: { location: '/other' } });
  });
});

describe('trouble', () => {
  it('is Unavailable, without what may be a secret', async () => {
    const url = new URL(await servers.listen((request) => request.socket.destroy()));
    const secret = `http://user:pass@${url.host}/health?token=secret`;
    await expect(get(secret)).rejects.toMatchObject({
      reason: 'Unavailable',
      message: `GET http://${url.host}/health: socket hang up`,
    });
    servers.close();
    await expect(get(secret)).rejects.toMatchObject({
      message: `GET http://${url.host}/health: ECONNREFUSED (connection refused)`,
    });
    await expect(get('no url')).rejects.toMatchObject({ reason: 'Unavailable' });
    await expect(
      get(`https://${url.host}/`, { tls: { ca: ca.cert, cert: 'half', key: 'half' } }),
    ).rejects.toMatchObject({
      reason: 'Unavailable',
    });
  });

  it.each([
    ['silence', () => undefined],
    ['half an answer', (_request, response) => response.write('half')],
  ] as [string, RequestListener][])('is %s for longer than the timeout', async (_what, listener) => {
    let asked = false;
    const time = fakeClock();
    const url = await servers.listen((request, response) => {
      listener(request, response);
      asked = true;
    });
    const answer = httpRequest({ url, timeoutSeconds: 5 }, time);
    const expected = expect(answer).rejects.toMatchObject({
      reason: 'Unavailable',
      message: `GET ${url}: no complete answer in 5 s`,
    });
    await until(() => asked);
    await time.advance(5);
    await expected;
  });

  it('is a connection that is cut in the body', async () => {
    const url = await servers.listen((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    });
    await expect(get(url)).rejects.toMatchObject({ reason: 'Unavailable' });
  });

  it('is a body of more than 4 MiB', async () => {
    const url = await servers.listen((_request, response) => response.end(Buffer.alloc((4 << 20) + 1)));
    await expect(get(url)).rejects.toMatchObject({
      reason: 'Unavailable',
      message: `GET ${url}: an answer of more than 4194304 bytes`,
    });
  });
});
