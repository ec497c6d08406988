// A TLS proxy that hands on the very bytes, both ways, and shows every request that passes. For each connection of
// CAPI there is one to Refit, so that neither sees anything else than the other did.
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { duplexPair } from 'node:stream';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { systemClock } from '../../../src/cli/clock.ts';
import { followTls, readTls, type TlsFiles } from '../../../src/hook/tls.ts';

export interface ProxyOptions {
  /** On loopback; 0: any free one. */
  port: number;
  /** What CAPI is shown, and the authority of clients that are let in: Refit's own files. */
  serving: Required<TlsFiles>;
  upstream: Upstream;
  seen: (path: string, body: Buffer) => void;
  /** A connection that failed: Refit is away, a client without a certificate. */
  failed: (error: unknown) => void;
}

export interface Upstream {
  port: number;
  /** CAPI's pair, and the authority of Refit's certificate. */
  certFile: string;
  keyFile: string;
  caFile: string;
}

export interface Proxy {
  port: number;
  close(): void;
}

const followEverySeconds = 1;

export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { serving, failed } = options;
  const closing = new AbortController();
  const connections = new Set<TLSSocket>();
  const parser = requestParser(options);
  const material = await readTls(serving);
  const server = createServer(
    { ...material, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'] },
    (incoming) => {
      connections.add(incoming);
      incoming.once('close', () => connections.delete(incoming));
      handOn(incoming, options.upstream, parser).catch((error: unknown) => {
        // CAPI sees a connection that ends, as it would without us.
        incoming.destroy();
        failed(error);
      });
    },
  );
  server.on('tlsClientError', failed);
  const apply = server.setSecureContext.bind(server);
  const { signal } = closing;
  const clock = systemClock();
  void followTls(serving, material, { clock, seconds: followEverySeconds, signal, apply, failed });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      closing.abort();
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

/** Never listens: it is given copies of what passes, and nobody hears its answers. */
function requestParser({ seen, failed }: ProxyOptions): HttpServer {
  return createHttpServer((request, response) => {
    response.end();
    bodyOf(request).then((body) => seen(request.url ?? '', body), failed);
  });
}

async function handOn(incoming: TLSSocket, upstream: Upstream, parser: HttpServer): Promise<void> {
  incoming.on('error', () => incoming.destroy());
  // Read each time: certificates rotate.
  const cert = await readFile(upstream.certFile);
  const key = await readFile(upstream.keyFile);
  const ca = await readFile(upstream.caFile);
  const outgoing = connect({ host: '127.0.0.1', port: upstream.port, cert, key, ca });
  incoming.once('close', () => outgoing.destroy());
  outgoing.once('close', () => incoming.destroy());
  await new Promise<void>((resolve, reject) => {
    outgoing.once('secureConnect', resolve).once('error', reject);
  });
  outgoing.on('error', () => outgoing.destroy());

  const [copy, parsed] = duplexPair();
  parser.emit('connection', parsed);
  copy.resume();
  incoming.once('close', () => copy.destroy());
  incoming.on('data', (chunk: Buffer) => copy.write(chunk));
  incoming.pipe(outgoing).pipe(incoming);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
