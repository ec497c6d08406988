// A proxy on loopback that can fall silent, like a machine that lost its power: no end, no reset, no answer.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** All that were opened so far. */
  readonly connections: number;
  /** Bytes that came from clients since it fell silent the last time. */
  readonly received: number;
  /** Of the connections that are open now; new ones are served. */
  fallSilent(): void;
  close(): void;
}

export async function tcpProxy(to: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const silent = new Set<Socket>();
  let [connections, received] = [0, 0];
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('data', (data) => {
        if (from === client) received += data.length;
        if (!silent.has(client)) into.write(data);
      });
      from.on('close', () => {
        sockets.delete(from);
        if (!silent.has(client)) into.destroy();
      });
    }
    open.add(client);
  });
  const open = new Set<Socket>();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get received() {
      return received;
    },
    fallSilent() {
      received = 0;
      for (const client of open) silent.add(client);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
