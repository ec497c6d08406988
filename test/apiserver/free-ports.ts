import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** Below the ports that clients get, so that a restarted server finds its own still free; and those of in-memory machines. */
const FIRST_PORT = 10_000;
const LAST_PORT = 18_999;
const attempts = 200;

/** Free on loopback, all different. Errors: too few found. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    for (let attempt = 0; attempt < attempts && held.size < count; attempt += 1) {
      const port = randomInt(FIRST_PORT, LAST_PORT + 1);
      const server = held.has(port) ? undefined : await listen(port);
      if (server) held.set(port, server);
    }
  } finally {
    await Promise.all([...held.values()].map(close));
  }
  if (held.size < count) throw new Error(`free ports on 127.0.0.1: found ${held.size}, expected ${count}`);
  return [...held.keys()];
}

export interface HeldPort {
  /** For whom it was held. */
  release(): Promise<void>;
}

/** Keeps others from it. Undefined: it is taken. */
export async function holdPort(port: number): Promise<HeldPort | undefined> {
  const server = await listen(port);
  return server && { release: () => close(server) };
}

/** Undefined: somebody else does, on this address or on all. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
