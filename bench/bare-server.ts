// What HTTPS alone costs here: reads a body, answers as many bytes as a CanUpdateMachine answer has. No decisions.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSignedTls } from '../src/hook/tls.ts';

const ANSWER = JSON.stringify({ status: 'Success', filler: 'x'.repeat(33_000) });

const server = createServer(await selfSignedTls(new Date()), (request, response) => {
  request.resume();
  request.on('end', () => response.end(ANSWER));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `https://127.0.0.1:${port}` })}\n`);
});
