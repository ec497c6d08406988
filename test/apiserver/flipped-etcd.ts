// etcd and kube-apiserver of the old and the new version on the same data, as a flip starts and ends them, and a host on
// which those data lie where kubeadm has them.
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Argv, Host } from '../../src/steps/host/host.ts';
import { keptManifest, keptSnapshotTool, revisionFile } from '../../src/steps/node/flip/flip-folder.ts';
import { tempHost } from '../steps/host/temp-host.ts';
import { tool } from '../tools/build.ts';
import {
  apiServerArguments,
  createSettings,
  etcdArguments,
  isApiServerReady,
  isEtcdReady,
  writeKubeconfig,
} from './components.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { freePorts } from './free-ports.ts';

export const OPERATION = 'edge-1';
export const DATA_FOLDER = '/var/lib/etcd';
const START_SECONDS = 60;
const SUFFIXES = { old: { etcd: '-3.5', server: '-1.33' }, new: { etcd: '', server: '' } } as const;

export type Generation = keyof typeof SUFFIXES;

export interface FlippedEtcd {
  host: Host & { root: string };
  kubeconfigPath: string;
  start(generation: Generation): Promise<void>;
  /** As a flip ends them: the API server first, which is killed at last; etcd on SIGTERM, when its revision is noted. */
  end(): Promise<void>;
  stop(): Promise<void>;
}

export async function startFlippedEtcd(): Promise<FlippedEtcd> {
  const temporary = await tempHost();
  const { root } = temporary;
  const [port = 0] = await freePorts(1);
  const settings = createSettings(root, port);
  mkdirSync(path.join(root, DATA_FOLDER), { recursive: true });
  symlinkSync(path.join(root, DATA_FOLDER), path.join(root, 'etcd'));
  const running: Daemon[] = [];

  async function start(generation: Generation): Promise<void> {
    const { etcd, server } = SUFFIXES[generation];
    await run(`etcd${etcd}`, etcdArguments(settings), () => isEtcdReady(settings));
    await run(`kube-apiserver${server}`, apiServerArguments(settings), () => isApiServerReady(settings));
  }
  async function run(name: string, args: string[], isReady: () => Promise<boolean>): Promise<void> {
    const logFile = path.join(root, `${name}.log`);
    const daemon = startDaemon({ name, binary: await tool(name), args, logFile, endsWithUs: {} });
    running.push(daemon);
    await daemon.ready(isReady, START_SECONDS);
  }
  async function end(): Promise<void> {
    const [etcd, apiServer] = running.splice(0);
    await apiServer?.stop();
    await noteRevision(root);
    if (etcd?.pid !== undefined) process.kill(etcd.pid, 'SIGTERM');
    await etcd?.ended;
  }
  async function stop(): Promise<void> {
    await Promise.all(running.splice(0).map((daemon) => daemon.stop()));
    await temporary.removeAll();
  }
  try {
    await putOldState(root);
    await start('old');
    const kubeconfigPath = writeKubeconfig(settings, path.join(root, 'kubeconfig'));
    return { host: below(temporary), kubeconfigPath, start, end, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a flip has kept of the old etcd before it is ended. */
async function putOldState(root: string): Promise<void> {
  const flags = ['--name=default', '--initial-advertise-peer-urls=http://localhost:2380'];
  const container = { name: 'etcd', image: 'registry.k8s.io/etcd:3.5.27-0', command: ['etcd', ...flags] };
  const manifest = path.join(root, keptManifest(OPERATION, 'etcd'));
  mkdirSync(path.dirname(manifest), { recursive: true });
  writeFileSync(manifest, stringify({ kind: 'Pod', spec: { containers: [container] } }));
  copyFileSync(await tool('etcdutl-3.5'), path.join(root, keptSnapshotTool(OPERATION)));
}

/** Programs are not below the root of that host: their paths are. */
function below<T extends Host & { root: string }>(host: T): T {
  const real = (word: string): string => word.replace(/(^|=)(?=\/var\/lib\/)/, `$1${host.root}`);
  return { ...host, run: (argv, options) => host.run(argv.map(real) as unknown as Argv, options) };
}

async function noteRevision(root: string): Promise<void> {
  const text = await new Promise<string>((resolve, reject) => {
    const options = {
      socketPath: path.join(root, 'client.sock'),
      path: '/v3/maintenance/status',
      method: 'POST',
    };
    request(options, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (part: string) => (received += part));
      response.on('end', () => resolve(received)).on('error', reject);
    })
      .on('error', reject)
      .end('{}');
  });
  const { revision } = (JSON.parse(text) as { header: { revision: string } }).header;
  const file = path.join(root, revisionFile(OPERATION));
  writeFileSync(file, JSON.stringify({ version: 1, revision: Number(revision) }));
}
