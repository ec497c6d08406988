// A real `refit serve` in a process of its own, and a client that keeps a rate.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get as httpsGet, request } from 'node:https';
import { createInterface } from 'node:readline';

export interface ServerProcess {
  port: number;
  listenMs: number;
  /** Its caches are filled. */
  ready(): Promise<void>;
  rssMiB(): number;
  stop(): Promise<void>;
}

export function startServer(...flags: string[]): Promise<ServerProcess> {
  return start(['src/cli/main.ts', 'serve', '--host', '127.0.0.1', '--port', '0', ...flags]);
}

export function startBareServer(): Promise<ServerProcess> {
  return start(['bench/bare-server.ts']);
}

async function start(argv: readonly string[]): Promise<ServerProcess> {
  const started = performance.now();
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /"url":"https:\/\/127\.0\.0\.1:(\d+)"/.exec(line)?.[1];
    if (url === undefined) continue;
    const listenMs = performance.now() - started;
    child.stdout.resume();
    return {
      port: Number(url),
      listenMs,
      async ready() {
        while ((await get(Number(url), '/readyz')) !== 200)
          await new Promise((resolve) => setTimeout(resolve, 50));
      },
      rssMiB: () =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
      async stop() {
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
  }
  throw new Error(`${argv.join(' ')}: ended before it listened`);
}

export interface Call {
  path: string;
  body: string;
}

/**
 * Sends the calls at a rate and returns their latencies in milliseconds. Open loop: a call is due at its time whether
 * or not earlier ones were answered, and its latency counts from then, so that a stall is not hidden.
 */
export async function latencies(port: number, calls: readonly Call[], perSecond: number): Promise<number[]> {
  // Cluster API reuses its connections; the certificate is not what is measured.
  const agent = new Agent({ keepAlive: true, maxSockets: 32, rejectUnauthorized: false });
  const begin = performance.now();
  const results = calls.map(async ({ path, body }, index) => {
    const due = begin + (index * 1000) / perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const sent = performance.now();
    const answer = await post(agent, port, path, body);
    if (!answer.includes('"status":"Success"')) throw new Error(`unexpected answer: ${answer.slice(0, 300)}`);
    return performance.now() - Math.min(sent, Math.max(due, sent - 1));
  });
  const all = await Promise.all(results);
  agent.destroy();
  return all;
}

/** Sends all at once, at most 32 at a time; for setting the scene. */
export async function sendAll(port: number, calls: readonly Call[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, rejectUnauthorized: false });
  await Promise.all(calls.map(({ path, body }) => post(agent, port, path, body)));
  agent.destroy();
}

const WINDOWS = 5;

/**
 * The median over windows of the 99th percentile: a pause of the machine itself, which others share, falls into one
 * window and is no property of the server.
 */
export function p99(latencies: readonly number[]): number {
  const length = Math.ceil(latencies.length / WINDOWS);
  const windows = Array.from({ length: WINDOWS }, (_, index) =>
    latencies.slice(index * length, (index + 1) * length),
  );
  return percentile(
    windows.map((window) => percentile(window, 0.99)),
    0.5,
  );
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function get(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false as const };
    httpsGet(options, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

/** Without an agent: on a connection of its own. */
export function post(agent: Agent | false, port: number, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': Buffer.byteLength(body) };
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      agent,
      headers,
      rejectUnauthorized: false,
    };
    const call = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    call.on('error', reject);
    call.end(body);
  });
}
