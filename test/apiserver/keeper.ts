// The process that owns etcd, kube-apiserver and their folder. It ends with its parent, however that one ends,
// and takes everything with it: Jest's workers and a killed run leave nothing behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tool } from '../tools/build.ts';
import * as components from './components.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { freePorts } from './free-ports.ts';

export type Order = 'start' | 'stopApiServer' | 'startApiServer';
export interface Reply {
  error?: string;
  kubeconfigPath?: string;
}

const startTimeoutSeconds = 60;
const running = new Set<Daemon>();
let folder: string | undefined;
let settings: components.Settings | undefined;
let apiServer: Daemon | undefined;
let isEnding = false;

async function obey(order: Order): Promise<Reply> {
  switch (order) {
    case 'start':
      return { kubeconfigPath: await start() };
    case 'stopApiServer':
      await apiServer?.stop();
      return {};
    case 'startApiServer':
      await startApiServer();
      return {};
  }
}

async function start(): Promise<string> {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-apiserver-'));
  const [port = 0] = await freePorts(1);
  const current = components.createSettings(folder, port);
  settings = current;
  const etcd = await run('etcd', components.etcdArguments(current));
  await etcd.ready(() => components.isEtcdReady(current), startTimeoutSeconds);
  await startApiServer();
  return components.writeKubeconfig(current, path.join(folder, 'kubeconfig'));
}

async function startApiServer(): Promise<void> {
  const current = settings;
  if (!current) throw new Error('expected start first');
  apiServer = await run('kube-apiserver', components.apiServerArguments(current));
  await apiServer.ready(() => components.isApiServerReady(current), startTimeoutSeconds);
}

async function run(name: string, args: string[]): Promise<Daemon> {
  const binary = await tool(name);
  if (isEnding || folder === undefined) throw new Error(`${name} not started: stopping`);
  const daemon = startDaemon({ name, binary, args, logFile: path.join(folder, `${name}.log`) });
  running.add(daemon);
  return daemon;
}

async function end(): Promise<void> {
  isEnding = true;
  await Promise.all([...running].map((daemon) => daemon.stop()));
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  process.exit();
}

process.on('message', (order: Order) => {
  obey(order)
    .catch((error: unknown): Reply => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((reply) => process.send?.(reply))
    .catch(() => end());
});
process.once('disconnect', () => void end());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end());
