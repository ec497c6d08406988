import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { createApiClient, type ApiClient } from '../../src/kubernetes/api-client.ts';
import { selfSignedTls } from '../../src/hook/tls.ts';
import { ApiServer } from '../helpers/api-server.ts';
import { fakeClock, type FakeClock } from '../helpers/clock.ts';
import { ApiError } from '../helpers/object-store.ts';
import { tcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { until } from '../helpers/until.ts';

const PATH = '/api/v1/namespaces/lab/configmaps/c';
let server: ApiServer;
let clock: FakeClock;
let client: ApiClient;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  clock = fakeClock();
  client = createApiClient(server.kubeConfig(), clock);
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

describe('an error', () => {
  it.each([
    [400, 'BadInput'],
    [401, 'Unavailable'],
    [403, 'BadInput'],
    [404, 'NotFound'],
    [409, 'Conflict'],
    [422, 'BadInput'],
    [429, 'Unavailable'],
    [500, 'Unavailable'],
    [503, 'Unavailable'],
  ])('of status %s is %s', async (status, reason) => {
    server.failNext(1, status);
    const message = `PATCH ${PATH}: ${status} told to fail with ${status}`;
    await expect(client.mergePatch(PATH, { a: 1 })).rejects.toMatchObject({ reason, message });
  });

  it('is Forbidden when a permission is missing', async () => {
    const message = 'pods is forbidden: User "u" cannot list resource "pods"';
    server.failNext(1, new ApiError(403, 'Forbidden', message));
    await expect(client.get(PATH)).rejects.toMatchObject({ reason: 'Forbidden' });
  });

  it('is AlreadyExists when the server says so', async () => {
    const object = { metadata: { name: 'c' } };
    await client.create('/api/v1/namespaces/lab/configmaps', object);
    await expect(client.create('/api/v1/namespaces/lab/configmaps', object)).rejects.toMatchObject({
      reason: 'AlreadyExists',
    });
  });

  it('is Unavailable when the connection is cut', async () => {
    server.failNext(1, 'cut');
    await expect(client.get(PATH)).rejects.toMatchObject({ reason: 'Unavailable' });
  });

  it('is Unavailable when no answer comes in 5 s', async () => {
    server.failNext(1, 'silence');
    const answer = client.get(PATH);
    const expected = expect(answer).rejects.toMatchObject({
      reason: 'Unavailable',
      message: `GET ${PATH}: nothing received for 5 s`,
    });
    await until(() => server.requests.length === 1, 'asked');
    await clock.advance(5);
    await expected;
  });

  it('names no credentials, whatever went wrong', async () => {
    const kubeConfig = server.kubeConfig();
    const cluster = kubeConfig.clusters[0];
    if (!cluster) throw new Error('no cluster');
    const withToken = new KubeConfig();
    withToken.loadFromClusterAndUser(cluster, { name: 'u', token: 'very-secret' });
    const other = createApiClient(withToken, clock);
    const seen: unknown[] = [];
    server.failNext(1, 500);
    await other.get(PATH).catch((error: unknown) => seen.push(error));
    await server.stop();
    await other.get(PATH).catch((error: unknown) => seen.push(error));
    await server.start();
    expect(seen).toHaveLength(2);
    for (const error of seen as Error[]) {
      expect(`${error.message} ${String(error.cause)} ${JSON.stringify(error)}`).not.toContain('very-secret');
    }
    expect((seen[1] as Error).message).toContain('ECONNREFUSED');
  });
});

describe('delete', () => {
  it('is bound to the options: another object of the name stays', async () => {
    await client.create('/api/v1/namespaces/lab/configmaps', { metadata: { name: 'c', uid: 'one' } });
    const options = { propagationPolicy: 'Foreground', preconditions: { uid: 'other' } };
    await expect(client.delete(PATH, options)).rejects.toMatchObject({ reason: 'Conflict' });
    await client.delete(PATH, { ...options, preconditions: { uid: 'one' } });
    await expect(client.get(PATH)).rejects.toMatchObject({ reason: 'NotFound' });
    expect(server.requests.find(({ verb }) => verb === 'delete')?.body).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...options,
    });
  });

  it('of what is not there is NotFound', async () => {
    await expect(client.delete(PATH)).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

describe('lines', () => {
  const signal = new AbortController().signal;

  async function read(until: AbortSignal = signal): Promise<{ lines: string[]; error?: unknown }> {
    const lines: string[] = [];
    try {
      for await (const line of client.lines('/logs/x', { follow: true }, until)) lines.push(line);
      return { lines };
    } catch (error) {
      return { lines, error };
    }
  }

  it('come one by one, the last one also without an end', async () => {
    server.other = (url, response) => {
      expect(url.search).toBe('?follow=true');
      response.write('one\ntw');
      response.end('o\n\n\u00e4nd');
      return true;
    };
    expect(await read()).toEqual({ lines: ['one', 'two', '', '\u00e4nd'] });
  });

  it('that are cut off are Unavailable, without the half line', async () => {
    server.other = (_url, response) => {
      response.write('one\ntw', () => response.destroy());
      return true;
    };
    expect(await read()).toMatchObject({ lines: ['one'], error: { reason: 'Unavailable' } });
  });

  it('that are refused give the reason', async () => {
    server.other = (_url, response) => {
      response.writeHead(400).end(JSON.stringify({ message: 'container is waiting to start' }));
      return true;
    };
    const message = 'GET /logs/x: 400 container is waiting to start';
    expect(await read()).toMatchObject({ lines: [], error: { reason: 'BadInput', message } });
  });

  it('end when the signal aborts, even if none has come', async () => {
    server.other = () => true;
    const stop = new AbortController();
    const reading = read(stop.signal);
    await clock.settle();
    stop.abort();
    expect(await reading).toMatchObject({ lines: [], error: { reason: 'Unavailable' } });
  });
});

describe('many requests', () => {
  it('are sent 32 at a time', async () => {
    server.failNext(100, 'silence');
    const answers = Array.from({ length: 40 }, () => client.get(PATH).catch((error: unknown) => error));
    await until(() => server.requests.length === 32, '32 asked');
    await clock.settle();
    expect(server.requests).toHaveLength(32);
    await clock.advance(5);
    for (const error of await Promise.all(answers)) expect(error).toMatchObject({ reason: 'Unavailable' });
  });

  it('that wait for their turn for longer than for an answer are not sent', async () => {
    server.failNext(32, 'silence');
    const stop = new AbortController();
    const lists = Array.from({ length: 32 }, () => client.get(PATH, { limit: 1 }, stop.signal).catch(String));
    await until(() => server.requests.length === 32, '32 asked');
    const late = expect(client.get(PATH)).rejects.toMatchObject({
      reason: 'Unavailable',
      message: `GET ${PATH}: nothing received for 5 s`,
    });
    await clock.settle();
    await clock.advance(5);
    await late;
    stop.abort();
    await Promise.all(lists);
    await expect(client.get(PATH)).rejects.toMatchObject({ reason: 'NotFound' });
    expect(server.requests).toHaveLength(33);
  });

  it('share connections, also after one of them was not answered', async () => {
    let connections = 0;
    const raw = createServer((request, response) => {
      if (!request.url?.includes('silent')) response.end('{}');
    });
    raw.on('connection', () => (connections += 1));
    const sharing = createApiClient(await configOf(raw), clock);
    await sharing.get('/first');
    const silent = expect(sharing.get('/silent')).rejects.toMatchObject({ reason: 'Unavailable' });
    await clock.settle();
    await clock.advance(1);
    await sharing.get('/second');
    const before = connections;
    await clock.advance(4);
    await silent;
    await sharing.get('/third');
    expect(connections).toBe(before);
    await sharing.close();
    raw.closeAllConnections();
    raw.close();
  });
});

describe('a connection that died without a word', () => {
  let raw: Http2SecureServer;
  let proxy: TcpProxy;
  let other: ApiClient;
  beforeEach(async () => {
    // As API servers: many requests share one connection, on which one that is given up ends alone.
    raw = createSecureServer(await selfSignedTls(new Date()));
    raw.on('stream', (stream, headers) => {
      stream.on('error', () => undefined).respond({ ':status': 200 });
      if (headers[':path']?.includes('watch')) stream.write('{"type":"BOOKMARK"}\n');
      else stream.end('{}');
    });
    await once(raw.listen(0, '127.0.0.1'), 'listening');
    proxy = await tcpProxy((raw.address() as AddressInfo).port);
    other = createApiClient(configAt(`https://127.0.0.1:${proxy.port}`), clock);
  });
  afterEach(async () => {
    await other.close();
    proxy.close();
    raw.close();
  });

  it('is left after the first request that nothing came for', async () => {
    await other.get('/a');
    proxy.fallSilent();
    await clock.advance(1);
    for (const [pause, expected] of [
      [5, { reason: 'Unavailable' }],
      [0, {}],
    ] as const) {
      const answer = other.get('/b').catch((error: unknown) => error);
      await until(() => proxy.received > 0, 'sent');
      await clock.settle();
      await clock.advance(pause);
      expect(await answer).toMatchObject(expected);
    }
    expect(proxy.connections).toBe(2);
  });

  it('is left by a watch', async () => {
    const watch = async (): Promise<string> => {
      for await (const event of other.watch('/w', {}, new AbortController().signal)) seen.push(event);
      return 'ended';
    };
    const seen: unknown[] = [];
    const first = watch().catch(String);
    await until(() => seen.length === 1, 'watching');
    proxy.fallSilent();
    await clock.advance(1);
    await clock.advance(120);
    expect(await first).not.toBe('ended');
    const second = watch().catch(String);
    await until(() => seen.length === 2, 'watching again');
    expect(proxy.connections).toBe(2);
    await other.close();
    await second;
  });
});

describe('a watch', () => {
  it('that is cut within a line gives the whole lines only', async () => {
    const raw = createServer((request, response) => {
      request.resume();
      response.writeHead(200);
      response.write('{"type":"ADDED","object":{"name":"wh');
      response.write('ole"}}\n{"type":"ADDED","obj', () => response.destroy());
    });
    const kubeConfig = await configOf(raw);
    const other = createApiClient(kubeConfig, clock);
    const events: unknown[] = [];
    const read = (async () => {
      for await (const event of other.watch(PATH, {}, new AbortController().signal)) events.push(event);
    })();
    await expect(read).rejects.toBeDefined();
    expect(events).toEqual([{ type: 'ADDED', object: { name: 'whole' } }]);
    raw.close();
    raw.closeAllConnections();
  });
});

async function configOf(raw: Server): Promise<KubeConfig> {
  await once(raw.listen(0, '127.0.0.1'), 'listening');
  return configAt(`http://127.0.0.1:${(raw.address() as AddressInfo).port}`);
}

function configAt(url: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser({ name: 'raw', server: url, skipTLSVerify: true }, { name: 'u' });
  return kubeConfig;
}
