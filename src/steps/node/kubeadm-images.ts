// Which images the target version needs on this node: kubeadm of that version knows.
import { parse, stringify } from 'yaml';
import { StatusError } from '../../api/errors.ts';
import { isObject } from '../../api/json.ts';
import { operationFolder } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { output } from './container-runtime.ts';
import { parseImage, repositoryOf } from './image-names.ts';
import type { StagedComponents, StepContext } from './node-step.ts';
import { readStaticPod } from './static-pods.ts';

/** The step's own bound may end it earlier: a pull that hangs must end. */
export const PULL_SECONDS = 1800;
const LIST_SECONDS = 60;

/** What kubeadm is asked with. */
export interface ImageSource {
  /** Of the target version, staged. */
  kubeadm: string;
  /** ClusterConfiguration with the target version; undefined: the flags must do. */
  configuration: string | undefined;
  flags: readonly string[];
  /** Only these; undefined: all that kubeadm names. */
  names: readonly string[] | undefined;
}

/** @param present images of this node */
export async function imageSource(
  host: Host,
  { plan, desired }: StepContext,
  components: StagedComponents,
  present: ReadonlySet<string>,
): Promise<ImageSource> {
  const kubeadm = `${components.folder}/kubernetes/kubeadm`;
  const names = plan.role === 'worker' ? workerImages(present) : undefined;
  if (desired?.clusterConfiguration !== undefined) {
    const configuration = targetConfiguration(desired.clusterConfiguration, plan.kubernetes);
    return { kubeadm, configuration, flags: [], names };
  }
  const apiServer = await readStaticPod(host, 'kube-apiserver');
  const repository = apiServer
    ? parseImage(apiServer.image).repository
    : (repositoryOf(present, 'kube-proxy') ?? repositoryOf(present, 'pause'));
  return {
    kubeadm,
    configuration: undefined,
    flags: [
      `--kubernetes-version=${plan.kubernetes}`,
      ...(repository === undefined ? [] : [`--image-repository=${repository}`]),
    ],
    names,
  };
}

/** Sorted. Errors: StatusError Failed. */
export async function listImages(host: Host, operation: string, source: ImageSource): Promise<string[]> {
  const lines = (await askKubeadm(host, operation, source, 'list')).split('\n');
  const images = lines.map((line) => line.trim()).filter((line) => /^[^\s:]\S*:[^\s:/]+$/.test(line));
  const { names } = source;
  const wanted = names ? images.filter((image) => names.includes(parseImage(image).name)) : images;
  if (wanted.length > 0) return wanted.sort();
  throw new StatusError(`${source.kubeadm} config images list: got no images for this node`, {
    reason: 'Failed',
  });
}

/** Of this node and of others. Errors: StatusError Failed with kubeadm's message, which names the image. */
export async function pullByKubeadm(host: Host, operation: string, source: ImageSource): Promise<void> {
  await askKubeadm(host, operation, source, 'pull');
}

/**
 * A node runs no control plane: kube-proxy, unless something else does its work, and pause. Where CoreDNS comes from only
 * the cluster's configuration says, and no step needs it there.
 */
export function workerImages(present: ReadonlySet<string>): string[] {
  return repositoryOf(present, 'kube-proxy') === undefined ? ['pause'] : ['kube-proxy', 'pause'];
}

/** kubeadm takes no other flags beside a configuration. Errors: StatusError Failed. */
export function targetConfiguration(clusterConfiguration: string, version: string): string {
  const parsed = parsedYaml(clusterConfiguration);
  if (isObject(parsed)) return stringify({ ...parsed, kubernetesVersion: version });
  throw new StatusError('clusterConfiguration: got something else, expected a ClusterConfiguration', {
    reason: 'Failed',
  });
}

async function askKubeadm(
  host: Host,
  operation: string,
  { kubeadm, configuration, flags }: ImageSource,
  verb: 'list' | 'pull',
): Promise<string> {
  const timeoutSeconds = verb === 'pull' ? PULL_SECONDS : LIST_SECONDS;
  const argv = [kubeadm, 'config', 'images', verb] as const;
  if (configuration === undefined) return output(host, [...argv, ...flags], { timeoutSeconds });
  const file = `${operationFolder(operation)}/images-${verb}.yaml`;
  try {
    await host.files.write(file, configuration, { mode: 0o600 });
    return await output(host, [...argv, `--config=${file}`], { timeoutSeconds });
  } finally {
    await host.files.remove(file);
  }
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
