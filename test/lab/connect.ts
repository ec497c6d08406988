// What every other process sees of a running lab: calls over a unix socket in its folder.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import path from 'node:path';
import { text as streamText } from 'node:stream/consumers';
import { NAMESPACE } from './namespaces.ts';
import type { ProcessName, StartOptions, Usage } from './processes/names.ts';
import { folderLayout } from './folder.ts';

/** A restarted API server is waited for by what needs it. */
export interface LabClient {
  folder: string;
  /** Of an administrator. */
  kubeconfigPath: string;
  /** The one for people. */
  namespace: string;
  /** SIGKILL; it stays down. */
  kill(process: ProcessName): Promise<void>;
  /** Again, on the same port and data; resolves when it is ready, at once if it runs. */
  start(process: ProcessName, options?: StartOptions): Promise<void>;
  /**
   * New authorities and certificates for Refit and for the CAPI managers that call it, as cert-manager would bring them.
   * Resolves when all use them: until then calls are refused.
   */
  rotateCertificates(): Promise<void>;
  usage(process: ProcessName): Promise<Usage>;
  /** Nothing is left of it but its logs. */
  stop(): Promise<void>;
}

/** One line of JSON each way. */
export interface Call {
  method: 'ping' | 'kill' | 'start' | 'rotateCertificates' | 'usage' | 'stop';
  args: unknown[];
}
export type Reply = { result: unknown } | { error: string };

/** Errors: no lab runs in that folder, or it is not ready yet. */
export async function connectLab(folder: string): Promise<LabClient> {
  const root = path.resolve(folder);
  const { socket, kubeconfig } = folderLayout(root);
  const call = (method: Call['method'], ...args: unknown[]) => send(socket, { method, args });
  await call('ping');
  return {
    folder: root,
    kubeconfigPath: kubeconfig,
    namespace: NAMESPACE,
    kill: async (name) => void (await call('kill', name)),
    start: async (name, options = {}) => void (await call('start', name, options)),
    rotateCertificates: async () => void (await call('rotateCertificates')),
    usage: async (name) => (await call('usage', name)) as Usage,
    stop: () => stopLab(root),
  };
}

/** Also one that is not ready yet. */
export async function stopLab(folder: string): Promise<void> {
  await send(folderLayout(folder).socket, { method: 'stop', args: [] });
}

/** Or starting. */
export async function isLabRunning(folder: string): Promise<boolean> {
  const connection = createConnection(folderLayout(folder).socket);
  try {
    await once(connection, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}

async function send(socket: string, call: Call): Promise<unknown> {
  const reply = JSON.parse(await exchange(socket, `${JSON.stringify(call)}\n`)) as Reply;
  if ('error' in reply) throw new Error(reply.error);
  return reply.result;
}

/** The lab answers, and hangs up. */
async function exchange(socket: string, line: string): Promise<string> {
  const connection = createConnection(socket);
  try {
    connection.write(line);
    const answer = await streamText(connection);
    if (answer === '') throw new Error('it ended without an answer');
    return answer;
  } catch (cause) {
    throw new Error(`no lab answers in ${path.dirname(socket)}: start one with npm run lab`, { cause });
  } finally {
    connection.destroy();
  }
}
