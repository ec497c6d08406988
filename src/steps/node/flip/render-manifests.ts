// Manifests of the control plane, rendered by a kubeadm in dry-run: it needs no API, and touches nothing of the node.
import { StatusError } from '../../../api/errors.ts';
import type { Argv, Host } from '../../host/host.ts';
import { lastLines } from '../../host/output.ts';
import { parseStaticPod, STATIC_PODS, type StaticPodName } from '../static-pods.ts';

export type Manifests = ReadonlyMap<StaticPodName, Buffer>;

const PHASES = [
  ['control-plane', 'all'],
  ['etcd', 'local'],
] as const;
const KUBEADM_SECONDS = 60;
const MAX_OUTPUT = 300;

interface Rendering {
  kubeadm: string;
  /** InitConfiguration and ClusterConfiguration, YAML. */
  configuration: string;
  /** Proxy variables, which kubeadm takes over from its environment. */
  proxies: Readonly<Record<string, string>>;
  /** For the time of it; made and removed here. */
  folder: string;
}

/** Errors: StatusError Failed. */
export async function renderManifests(
  host: Host,
  { kubeadm, configuration, proxies, folder }: Rendering,
): Promise<Manifests> {
  await host.files.remove(folder);
  try {
    const [file, rendered] = [`${folder}/configuration.yaml`, `${folder}/rendered`];
    await host.files.makeFolder(rendered, 0o700);
    await host.files.write(file, configuration, { mode: 0o600 });
    for (const phase of PHASES) {
      const argv: Argv = [kubeadm, 'init', 'phase', ...phase, `--config=${file}`, '--dry-run'];
      await runPhase(host, argv, { ...proxies, KUBEADM_INIT_DRYRUN_DIR: rendered });
    }
    return await readManifests(host, rendered, kubeadm);
  } finally {
    await host.files.remove(folder);
  }
}

/** Its stdout holds the manifest of etcd: it is neither logged nor told. */
async function runPhase(host: Host, argv: Argv, env: Readonly<Record<string, string>>): Promise<void> {
  const { code, stderr } = await host.run(argv, {
    timeoutSeconds: KUBEADM_SECONDS,
    env,
  });
  if (code === 0) return;
  // What follows is an advice to log more, which may be secrets.
  const output = stderr.replace(/^To see the stack trace.*$/m, '');
  const command = argv.slice(0, 5).join(' ');
  throw failed(`${command}: exit code: got ${code}, expected 0: ${lastLines(output, MAX_OUTPUT)}`);
}

async function readManifests(host: Host, folder: string, kubeadm: string): Promise<Manifests> {
  const found = new Map<StaticPodName, Buffer>();
  // Before it took the folder as it is, kubeadm made one of its own below it in each run.
  const made = (await host.files.list(`${folder}/tmp`)).map((name) => `${folder}/tmp/${name}`);
  for (const name of STATIC_PODS) {
    const content = await firstOf(host, [folder, ...made], `${name}.yaml`);
    if (content === undefined) throw failed(`${kubeadm}: got no manifest of ${name}, expected one`);
    parseStaticPod(content, name);
    found.set(name, content);
  }
  return found;
}

async function firstOf(host: Host, folders: readonly string[], file: string): Promise<Buffer | undefined> {
  for (const folder of folders) {
    const content = await host.files.read(`${folder}/${file}`);
    if (content !== undefined) return content;
  }
  return undefined;
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
