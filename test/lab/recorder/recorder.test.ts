// Real TLS on loopback: a client like CAPI, a server like Refit, and the recorder between them.
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { call } from '../../helpers/https.ts';
import { recorded } from '../../helpers/requests.ts';
import { until } from '../../helpers/until.ts';
import { createAuthority, secretFiles, type Signed, writeMounted } from '../certificates.ts';
import type { Proxy } from './proxy.ts';
import { startRecorder } from './recorder.ts';

const PATH = '/hooks.runtime.cluster.x-k8s.io/v1alpha1/updatemachine/update-machine?timeout=10s';
const TOKEN = 'abc123.0123456789abcdef';
const BODY = JSON.stringify(
  recorded('kcp-version-1.33-to-1.34/04-updatemachine-refit-cp-v7c5b.json', [
    '/desired/bootstrapConfig/spec/joinConfiguration/discovery/bootstrapToken/token',
    TOKEN,
  ]),
);

let folder: string;
let server: Signed;
let client: Signed;
let refit: Server;
let received: { url: string | undefined; headers: string[]; body: string; client: string }[];
let recorder: Proxy;
let lines: string[];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-recorder-'));
  server = await (await createAuthority('servers'))('refit', 'server');
  client = await (await createAuthority('clients'))('capi', 'client');
  writeMounted(path.join(folder, 'server'), secretFiles(server));
  writeMounted(path.join(folder, 'client'), secretFiles(client));
  [received, lines] = [[], []];
  refit = createServer({ ...server, ca: client.ca, requestCert: true }, (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const subject = (request.socket as TLSSocket).getPeerCertificate().subject.CN;
      received.push({ url: request.url, headers: request.rawHeaders, body, client: String(subject) });
      response.end('{"status":"Success"}');
    });
  });
  await new Promise<void>((resolve) => refit.listen(0, '127.0.0.1', resolve));
  const file = (name: string) => path.join(folder, name);
  recorder = await startRecorder({
    port: 0,
    serving: {
      certFile: file('server/tls.crt'),
      keyFile: file('server/tls.key'),
      clientCaFile: file('client/ca.crt'),
    },
    upstream: {
      port: (refit.address() as AddressInfo).port,
      certFile: file('client/tls.crt'),
      keyFile: file('client/tls.key'),
      caFile: file('server/ca.crt'),
    },
    folder: file('kept'),
    storyOf: async (namespace) => `story-of-${namespace}`,
    log: (line) => void lines.push(line),
  });
});

afterEach(() => {
  recorder.close();
  refit.closeAllConnections();
  refit.close();
  rmSync(folder, { recursive: true });
});

const ask = (body = BODY, options: object = {}) =>
  call(recorder.port, { path: PATH, body, ...client, ca: server.ca, ...options });
const kept = () => globSync('**/*.json', { cwd: path.join(folder, 'kept') });

it('hands on every byte, and keeps a scrubbed copy of what is new', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { 'X-Sent': 'as is' };
  for (let time = 0; time < 3; time += 1) {
    expect((await ask(BODY, { agent, headers })).json()).toEqual({ status: 'Success' });
  }
  agent.destroy();
  expect(received).toHaveLength(3);
  expect(received[0]).toMatchObject({ url: PATH, body: BODY, client: 'capi' });
  expect(received[0]?.headers).toEqual(expect.arrayContaining(['X-Sent', 'as is']));

  await until(() => kept().length > 0);
  expect(kept()).toEqual(['story-of-lab/01-updatemachine-machine-1.json']);
  const copy = readFileSync(
    path.join(folder, 'kept', 'story-of-lab/01-updatemachine-machine-1.json'),
    'utf8',
  );
  expect(copy).toBe(BODY.replace(TOKEN, 'xxxxxx.xxxxxxxxxxxxxxxx'));
});

it('lets nobody in without a certificate of the authority', async () => {
  await expect(ask(BODY, { cert: undefined, key: undefined })).rejects.toThrow();
  await expect(ask(BODY, { cert: server.cert, key: server.key })).rejects.toThrow();
  expect(received).toEqual([]);
});

it('ends the connection when Refit is away, and still keeps what was sent before', async () => {
  await ask();
  refit.closeAllConnections();
  await new Promise((resolve) => refit.close(resolve));
  await expect(ask()).rejects.toThrow();
  await until(() => lines.some((line) => line.includes('ECONNREFUSED')));
  expect(kept()).toHaveLength(1);
});

it('follows certificates that rotate', async () => {
  const next = await (await createAuthority('other clients'))('capi', 'client');
  refit.setSecureContext({ ...server, ca: next.ca });
  writeMounted(path.join(folder, 'client'), secretFiles(next));
  await until(() =>
    ask(BODY, { cert: next.cert, key: next.key }).then(
      () => true,
      () => false,
    ),
  );
  await expect(ask()).rejects.toThrow();
});

it('tells what it cannot keep, and hands it on all the same', async () => {
  await ask('{not JSON');
  await until(() => lines.some((line) => line.startsWith('failed')));
  expect(received.map(({ body }) => body)).toEqual(['{not JSON']);
  expect(kept()).toEqual([]);
});
