// What a Machine asks of its node now, read again: its KubeadmConfig, the Secrets of its files, kubeadm-config.
import { isRenderedAtBoot } from '../../api/cloud-init.ts';
import type { DesiredConfiguration, DesiredFile } from '../../api/desired-configuration.ts';
import { desiredHash, foldInit } from '../../api/desired-hash.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import type { HookObject } from '../../api/hooks.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { at, list, text } from '../../kubernetes/fields.ts';
import type { StepFlags } from '../api/api-step.ts';
import { kubeadmConfigPath } from '../api/paths.ts';
import { desiredFile, leftAlone } from './file-content.ts';
import { configMapPath } from './paths.ts';
import { readContent } from './read-content.ts';
import type { Remote } from './remote.ts';

const KIND = 'KubeadmConfig';

/**
 * Errors: BadInput when the Machine has another kind of bootstrap configuration, when its hash is not that of `--hash`,
 * or when a file cannot be resolved.
 */
export async function readDesired(
  remote: Remote,
  flags: StepFlags,
  machine: JsonObject,
): Promise<DesiredConfiguration> {
  const bootstrapConfig = await remote.management.get(
    kubeadmConfigPath(flags.namespace, configName(machine)),
  );
  checkHash(flags.hash, machine, bootstrapConfig);
  const spec = foldInit(specOf(bootstrapConfig));
  const patchesDirectory = text(spec, 'joinConfiguration', 'patches', 'directory');
  const clusterConfiguration = await readClusterConfiguration(remote.workload);
  return {
    version: 1,
    files: await desiredFiles(remote, flags.namespace, spec),
    kubeletExtraArgs: kubeletExtraArgs(spec),
    ...(patchesDirectory === undefined ? {} : { patchesDirectory }),
    ignorePreflightErrors: texts(at(spec, 'joinConfiguration', 'nodeRegistration', 'ignorePreflightErrors')),
    certSANs: texts(at(spec, 'clusterConfiguration', 'apiServer', 'certSANs')),
    ...(clusterConfiguration === undefined ? {} : { clusterConfiguration }),
  };
}

function configName(machine: JsonObject): string {
  const field = 'Machine spec.bootstrap.configRef';
  const kind = text(machine, 'spec', 'bootstrap', 'configRef', 'kind');
  if (kind !== KIND) throw badInput(`${field}.kind`, kind, KIND);
  const name = text(machine, 'spec', 'bootstrap', 'configRef', 'name');
  if (name === undefined) throw badInput(`${field}.name`, name, 'a name');
  return name;
}

/** The hash that the server made of the request is made again of the objects. */
function checkHash(expected: string, machine: JsonObject, bootstrapConfig: JsonObject): void {
  const desired = {
    machine: hookObject(machine, 'Machine'),
    bootstrapConfig: hookObject(bootstrapConfig, KIND),
  };
  const hash = desiredHash({ hook: 'UpdateMachine', desired });
  if (expected === '' || hash === expected) return;
  throw new StatusError(`the Machine asks for something else now: hash ${hash}, expected ${expected}`, {
    reason: 'BadInput',
  });
}

/** Only kind and spec are hashed. */
function hookObject(object: JsonObject, kind: string): HookObject {
  return {
    apiVersion: text(object, 'apiVersion') ?? '',
    kind,
    metadata: { name: '', namespace: '', labels: {}, annotations: {} },
    spec: specOf(object),
  };
}

function specOf(object: JsonObject): JsonObject {
  const spec = at(object, 'spec');
  return isObject(spec) ? spec : {};
}

async function desiredFiles(
  { management, log }: Remote,
  namespace: string,
  spec: JsonObject,
): Promise<DesiredFile[]> {
  const files: DesiredFile[] = [];
  for (const file of list(spec, 'files').filter(isObject)) {
    const reason = leftAlone(file);
    const content = reason === undefined ? await readContent(management, namespace, file) : Buffer.of();
    const isPlain = text(file, 'encoding') === undefined;
    const why = isPlain && isRenderedAtBoot(content.toString(), text(spec, 'format')) ? RENDERED : reason;
    if (why === undefined) files.push(desiredFile(file, content));
    else log(`file ${text(file, 'path') ?? 'without a path'} is left alone: ${why}`);
  }
  return files;
}

const RENDERED = 'cloud-init rendered it when the machine first started';

/** Also those that cloud-init rendered: the node must know their names, or it would take them for stale ones. */
function kubeletExtraArgs(spec: JsonObject): DesiredConfiguration['kubeletExtraArgs'] {
  const entries = list(spec, 'joinConfiguration', 'nodeRegistration', 'kubeletExtraArgs');
  return entries.map((entry) => ({ name: text(entry, 'name') ?? '', value: text(entry, 'value') ?? '' }));
}

/** undefined: there is none, or we may not read it. */
async function readClusterConfiguration(workload: ApiClient): Promise<string | undefined> {
  try {
    const configMap = await workload.get(configMapPath('kube-system', 'kubeadm-config'));
    return text(configMap, 'data', 'ClusterConfiguration');
  } catch (error) {
    if (error instanceof StatusError && ['NotFound', 'Forbidden', 'BadInput'].includes(error.reason))
      return undefined;
    throw error;
  }
}

function texts(value: JsonValue | undefined): string[] {
  return list(value).filter((item) => typeof item === 'string');
}
