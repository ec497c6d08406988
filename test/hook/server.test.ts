import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:tls';
import { generate } from 'selfsigned';
import { StatusError } from '../../src/api/errors.ts';
import { HOOKS_API_VERSION } from '../../src/api/hooks.ts';
import type { Handle, Handlers } from '../../src/hook/hooks.ts';
import { DISCOVERY_PATH, hookPath, HOOKS } from '../../src/hook/hooks.ts';
import { silent, type Log } from '../../src/hook/log.ts';
import { createMetrics } from '../../src/hook/metrics.ts';
import { createServer, MAX_BODY_BYTES, type Server } from '../../src/hook/server.ts';
import { selfSignedTls, type TlsMaterial } from '../../src/hook/tls.ts';
import { call } from '../helpers/https.ts';

const PATH = `/${HOOKS_API_VERSION}/canupdatemachine/can-update-machine`;
const DISCOVERY = JSON.stringify({ apiVersion: HOOKS_API_VERSION, kind: 'DiscoveryRequest' });
let tls: TlsMaterial;
const servers: Server[] = [];

beforeAll(async () => {
  tls = await selfSignedTls(new Date());
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe('routes', () => {
  it('answers discovery with the hooks that it serves, as CAPI validates it', async () => {
    const port = await listen({});
    const answer = await call(port, { path: DISCOVERY_PATH, body: DISCOVERY, ca: tls.cert });
    const { status, handlers } = answer.json() as { status: string; handlers: Record<string, unknown>[] };
    expect({ code: answer.status, status }).toEqual({ code: 200, status: 'Success' });
    expect(handlers).toHaveLength(HOOKS.length);
    for (const handler of handlers) {
      expect(handler['name']).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
      expect(handler['failurePolicy']).toBe('Fail');
      expect(handler['timeoutSeconds']).toBeGreaterThanOrEqual(1);
      expect(handler['timeoutSeconds']).toBeLessThanOrEqual(30);
    }
    expect(new Set(handlers.map(({ name }) => name)).size).toBe(handlers.length);
  });

  it.each(HOOKS.map((row) => [row.hook, row] as const))(
    'routes %s by the path of the table',
    async (hook, row) => {
      const port = await listen({ [row.handle]: async () => success(hook) });
      const answer = await call(port, { path: `${hookPath(row)}?timeout=10s`, body: '{}', ca: tls.cert });
      expect(answer.json()).toMatchObject({ kind: `${hook}Response`, status: 'Success' });
    },
  );

  it('says 404 to an unknown path, and to GET', async () => {
    const port = await listen({});
    expect((await call(port, { path: `${PATH}x`, body: '{}', ca: tls.cert })).status).toBe(404);
    expect((await call(port, { path: PATH, ca: tls.cert })).status).toBe(404);
  });

  it.each(['text/plain', 'application/json', 'application/x-www-form-urlencoded', undefined])(
    'parses the body whatever the Content-Type: %s',
    async (type) => {
      const port = await listen({
        canUpdateMachine: async (body) => ({ ...success('CanUpdateMachine'), message: JSON.stringify(body) }),
      });
      const headers = type === undefined ? {} : { 'Content-Type': type };
      const answer = await call(port, { path: PATH, body: '{"a":1}', headers, ca: tls.cert });
      expect(answer.json()).toMatchObject({ message: '{"a":1}' });
    },
  );
});

describe('bad input', () => {
  it.each([
    ['not JSON', '{"a":', /6?.*not JSON/],
    ['nothing', '', /got nothing, expected a JSON object/],
    ['too much', 'x'.repeat(MAX_BODY_BYTES + 1), /at most 8388608 bytes/],
  ])('%s is answered with HTTP 200 and Failure', async (_name, body, message) => {
    const port = await listen({ canUpdateMachine: async () => success('CanUpdateMachine') });
    const answer = await call(port, { path: PATH, body, ca: tls.cert });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      kind: 'CanUpdateMachineResponse',
      status: 'Failure',
      message: expect.stringMatching(message),
    });
  });

  it('a refusal is logged with the machine that it is about, without the request', async () => {
    const lines: unknown[] = [];
    const log: Log = { ...silent, warn: (keys, message) => lines.push([message, keys]) };
    const refuse: Handle = async () => {
      throw new StatusError('because', { reason: 'BadInput' });
    };
    const port = await listen({ canUpdateMachine: refuse }, { log });
    const machine = { metadata: { namespace: 'lab', name: 'cp-1' }, spec: { secret: 'x' } };
    await call(port, { path: PATH, body: JSON.stringify({ desired: { machine } }), ca: tls.cert });
    expect(lines).toEqual([
      ['refused', { hook: 'CanUpdateMachine', machine: 'lab/cp-1', reason: 'because' }],
    ]);
  });

  it('an expected error becomes the message', async () => {
    const refuse: Handle = async () => {
      throw new StatusError('desired.machine.kind: got "Pod", expected Machine', { reason: 'BadInput' });
    };
    const port = await listen({ canUpdateMachine: refuse });
    const answer = await call(port, { path: PATH, body: '{}', ca: tls.cert });
    expect(answer.json()).toMatchObject({
      status: 'Failure',
      message: 'desired.machine.kind: got "Pod", expected Machine',
    });
  });

  it('a bug is answered as Failure, logged once without its details in the answer, and the server lives', async () => {
    const errors: unknown[] = [];
    const log: Log = { ...silent, error: (keys) => errors.push(keys) };
    const bug: Handle = async () => {
      throw new TypeError('secret detail');
    };
    const port = await listen({ canUpdateMachine: bug }, { log });
    const answer = await call(port, { path: PATH, body: '{}', ca: tls.cert });
    expect(answer.json()).toMatchObject({ status: 'Failure' });
    expect(answer.text).not.toContain('secret detail');
    expect(errors).toHaveLength(1);
    expect((await call(port, { path: '/livez', ca: tls.cert })).text).toBe('ok');
  });
});

describe('TLS', () => {
  it('uses a rotated certificate for new connections', async () => {
    const server = create({});
    const port = await server.listen('127.0.0.1', 0);
    const before = await fingerprint(port);
    server.setTls(await selfSignedTls(new Date()));
    expect(await fingerprint(port)).not.toBe(before);
  });

  it('refuses plain HTTP', async () => {
    const port = await listen({});
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
  });

  it('with a client authority answers hooks only to its clients, and health to all', async () => {
    const authority = await generate([{ name: 'commonName', value: 'clients' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    const client = await generate([{ name: 'commonName', value: 'capi' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: authority.private, cert: authority.cert },
    });
    const port = await listen({}, { tls: { ...tls, ca: authority.cert } });
    const ask = async (more: object): Promise<unknown> =>
      (await call(port, { path: DISCOVERY_PATH, body: DISCOVERY, ca: tls.cert, ...more })).json()['status'];
    expect(await ask({})).toBe('Failure');
    expect(await ask(tls)).toBe('Failure');
    expect(await ask({ cert: client.cert, key: client.private })).toBe('Success');
    expect((await call(port, { path: '/livez', ca: tls.cert })).status).toBe(200);
  });
});

describe('operation', () => {
  it('is ready when the caches are filled', async () => {
    let isFilled = false;
    const port = await listen({}, { ready: () => isFilled });
    expect((await call(port, { path: '/readyz', ca: tls.cert })).status).toBe(503);
    isFilled = true;
    expect((await call(port, { path: '/readyz', ca: tls.cert })).status).toBe(200);
  });

  it('counts answers by hook and status', async () => {
    const port = await listen({ canUpdateMachine: async () => success('CanUpdateMachine') });
    await call(port, { path: PATH, body: '{}', ca: tls.cert });
    await call(port, { path: PATH, body: 'x', ca: tls.cert });
    const { text } = await call(port, { path: '/metrics', ca: tls.cert });
    expect(text).toContain('refit_hook_requests_total{hook="CanUpdateMachine",status="Success"} 1');
    expect(text).toContain('refit_hook_requests_total{hook="CanUpdateMachine",status="Failure"} 1');
  });

  it('finishes the answers in flight when it is closed', async () => {
    let finish = (): void => undefined;
    const entered = new Promise<void>((resolve) => {
      const release = new Promise<void>((done) => (finish = done));
      slow = async () => {
        resolve();
        await release;
        return success('CanUpdateMachine');
      };
    });
    const server = create({ canUpdateMachine: (body) => slow(body) });
    const port = await server.listen('127.0.0.1', 0);
    const answer = call(port, { path: PATH, body: '{}', ca: tls.cert });
    await entered;
    const closed = server.close();
    finish();
    expect((await answer).json()).toMatchObject({ status: 'Success' });
    await closed;
    await expect(call(port, { path: '/livez', ca: tls.cert })).rejects.toThrow();
  });
});

let slow: Handle;

function create(handlers: Partial<Handlers>, more: Partial<Parameters<typeof createServer>[0]> = {}): Server {
  const unexpected: Handle = () => Promise.reject(new Error('not expected'));
  const all = {
    canUpdateMachine: unexpected,
    canUpdateMachineSet: unexpected,
    updateMachine: unexpected,
    ...handlers,
  };
  const server = createServer({
    tls,
    handlers: all,
    metrics: createMetrics(() => []),
    log: silent,
    ready: () => true,
    ...more,
  });
  servers.push(server);
  return server;
}

function listen(...parameters: Parameters<typeof create>): Promise<number> {
  return create(...parameters).listen('127.0.0.1', 0);
}

function success(hook: 'CanUpdateMachine' | 'CanUpdateMachineSet' | 'UpdateMachine') {
  return { apiVersion: HOOKS_API_VERSION, kind: `${hook}Response`, status: 'Success' } as const;
}

function fingerprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // Two certificates of the same name: only what the server shows matters here.
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
