// The custom resources that Refit works with, as their projects publish them: from pinned Go modules.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonValue } from '../../src/api/json.ts';
import { list, text } from '../../src/kubernetes/fields.ts';
import { moduleFolder } from '../tools/build.ts';
import { type Api, apiOf, expectOk, kubeConfigOf } from './api.ts';

/** Family of test/tools -> files in its module, `<folder>/<group>_<plural>`. */
const sources: Record<string, string[]> = {
  // Not the minimal ones: only these have the schema that refuses unknown and misplaced fields.
  argo: [
    'clusterworkflowtemplates',
    'cronworkflows',
    'workflowartifactgctasks',
    'workfloweventbindings',
    'workflows',
    'workflowtaskresults',
    'workflowtasksets',
    'workflowtemplates',
  ].map((plural) => `manifests/base/crds/full/argoproj.io_${plural}`),
  capi: [
    ...['clusters', 'machinedeployments', 'machines', 'machinesets'].map(
      (plural) => `core/config/crd/bases/cluster.x-k8s.io_${plural}`,
    ),
    'core/config/crd/bases/runtime.cluster.x-k8s.io_extensionconfigs',
    'bootstrap/kubeadm/config/crd/bases/bootstrap.cluster.x-k8s.io_kubeadmconfigs',
  ],
};

const establishedTimeoutSeconds = 30;

/**
 * Installs them, or only those of the given plurals; again is harmless. Resolves when they are served.
 * Errors: which one was refused, and why.
 */
export async function installCrds(kubeconfigPath: string, only?: string[]): Promise<void> {
  const api = apiOf(kubeConfigOf(kubeconfigPath));
  const files: string[] = [];
  for (const [family, paths] of Object.entries(sources)) {
    const folder = await moduleFolder(family);
    files.push(...paths.map((file) => path.join(folder, `${file}.yaml`)));
  }
  const wanted = files.filter((file) => only === undefined || only.includes(crd(file).plural));
  await Promise.all(wanted.map((file) => apply(api, file)));
  await Promise.all(wanted.map((file) => established(api, crd(file).path)));
}

/** The bytes of the file as they are: parsing megabytes of schema is the API server's work. */
async function apply(api: Api, file: string): Promise<void> {
  const target = `${crd(file).path}?fieldManager=refit-test&force=true`;
  try {
    await expectOk(api.patch(target, await readFile(file), 'apply-patch+yaml'));
  } catch (cause) {
    throw new Error(`${file} not applied`, { cause });
  }
}

async function established(api: Api, target: string): Promise<void> {
  const deadline = performance.now() + establishedTimeoutSeconds * 1000;
  for (;;) {
    const conditions = list(await expectOk(api.get(target)), 'status', 'conditions');
    const isTrue = (type: string) => (one: JsonValue) =>
      text(one, 'type') === type && text(one, 'status') === 'True';
    if (conditions.some(isTrue('Established'))) return;
    if (performance.now() > deadline) {
      throw new Error(`${target}: not Established after ${establishedTimeoutSeconds} s`);
    }
    await sleep(100);
  }
}

/** Named after the file, by the convention of controller-gen. */
function crd(file: string): { plural: string; path: string } {
  const [group = '', plural = ''] = path.basename(file, '.yaml').split('_');
  return { plural, path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}` };
}
