// Where a lab listens: one call per connection, a line of JSON each way.
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { messages } from '../../helpers/messages.ts';
import type { Call, Reply } from '../connect.ts';

export interface Control {
  /** Waits for answers that are being read. */
  close(): Promise<void>;
}

/** Errors: somebody listens there. */
export async function serveControl(socket: string, obey: (call: Call) => Promise<unknown>): Promise<Control> {
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    // A caller that went away does not want the answer.
    connection.on('error', () => connection.destroy());
    void answer(connection, obey);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function answer(connection: Socket, obey: (call: Call) => Promise<unknown>): Promise<void> {
  for await (const line of createInterface({ input: connection })) {
    connection.end(JSON.stringify(await replyTo(line, obey)));
    return;
  }
  connection.end();
}

async function replyTo(line: string, obey: (call: Call) => Promise<unknown>): Promise<Reply> {
  try {
    return { result: (await obey(JSON.parse(line) as Call)) ?? null };
  } catch (error) {
    return { error: messages(error) };
  }
}
