// Servers on loopback that listen until the test ends.
import { once } from 'node:events';
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Loopback {
  /** Give the address of something on it. */
  listen(listener: RequestListener): Promise<string>;
  listenSecurely(options: object, listener: RequestListener): Promise<string>;
  close(): void;
}

export function loopback(): Loopback {
  const servers: Server[] = [];
  const started = async (server: Server, scheme: string): Promise<string> => {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  };
  return {
    listen: (listener) => started(createPlainServer(listener), 'http'),
    listenSecurely: (options, listener) => started(createServer(options, listener), 'https'),
    close: () => {
      for (const server of servers.splice(0)) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
