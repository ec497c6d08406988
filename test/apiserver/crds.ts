// The custom resources that Refit works with, as their projects publish them: from pinned Go modules.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { list, text } from '../../src/kubernetes/fields.ts';
import { eventually } from '../helpers/eventually.ts';
import { moduleFolder } from '../tools/build.ts';
import { type Api, apiOf, expectOk, kubeConfigOf } from './api.ts';
import { manifestJson } from './manifest-cache.ts';

export const ARGO_CRDS = [
  'clusterworkflowtemplates',
  'cronworkflows',
  'workflowartifactgctasks',
  'workfloweventbindings',
  'workflows',
  'workflowtaskresults',
  'workflowtasksets',
  'workflowtemplates',
];

/** Family of test/tools -> files in its module, `<folder>/<group>_<plural>`. */
const sources: Record<string, string[]> = {
  // Not the minimal ones: only these have the schema that refuses unknown and misplaced fields.
  argo: ARGO_CRDS.map((plural) => `manifests/base/crds/full/argoproj.io_${plural}`),
  capi: [
    ...['clusters', 'machinedeployments', 'machines', 'machinesets'].map(
      (plural) => `core/config/crd/bases/cluster.x-k8s.io_${plural}`,
    ),
    'core/config/crd/bases/runtime.cluster.x-k8s.io_extensionconfigs',
    ...['kubeadmconfigs', 'kubeadmconfigtemplates'].map(
      (plural) => `bootstrap/kubeadm/config/crd/bases/bootstrap.cluster.x-k8s.io_${plural}`,
    ),
    'controlplane/kubeadm/config/crd/bases/controlplane.cluster.x-k8s.io_kubeadmcontrolplanes',
  ],
};

/** It has much to do with each, and they come together. */
const servedTimeoutSeconds = 120;

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
  const read = async (file: string) => parse(await readFile(file, 'utf8')) as unknown;
  const contents = await Promise.all(wanted.map((file) => manifestJson(file, () => read(file))));
  await applyCrds(
    api,
    wanted.map((file, index) => ({ ...crd(file), content: contents[index] ?? {} })),
  );
}

export interface Crd {
  group: string;
  plural: string;
  /** JSON. */
  content: object | Buffer;
}

/** Resolves when all are served. Errors: which one was refused, and why. */
export async function applyCrds(api: Api, crds: readonly Crd[]): Promise<void> {
  // Two at once: all of them take a busy machine longer than the API server gives to each.
  const left = [...crds];
  const applyLeft = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await apply(api, next);
  };
  await Promise.all([applyLeft(), applyLeft()]);
  await eventually(
    'CustomResourceDefinitions served',
    async () => {
      const groups = [...new Set(crds.map(({ group }) => group))];
      const served = new Set((await Promise.all(groups.map((group) => servedIn(api, group)))).flat());
      const missing = crds
        .map(({ group, plural }) => `${plural}.${group}`)
        .filter((name) => !served.has(name));
      return missing.length === 0 || `missing: ${missing.join(', ')}`;
    },
    servedTimeoutSeconds,
  );
}

async function apply(api: Api, crd: Crd): Promise<void> {
  const name = `${crd.plural}.${crd.group}`;
  const target = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
  try {
    const query = '?fieldManager=refit-test&force=true';
    await expectOk(api.patch(target + query, crd.content, 'apply-patch+yaml'));
  } catch (cause) {
    throw new Error(`CustomResourceDefinition ${name} not applied`, { cause });
  }
}

/** In any version. Discovery is asked, since the definitions themselves are large; it is a moment ahead of their storage. */
async function servedIn(api: Api, group: string): Promise<string[]> {
  const { body } = await api.get(`/apis/${group}`);
  const versions = list(body, 'versions').map((version) => text(version, 'groupVersion') ?? '');
  const served = await Promise.all(
    versions.map(async (version) => {
      const found = list((await api.get(`/apis/${version}`)).body, 'resources');
      const plurals = found
        .map((resource) => text(resource, 'name') ?? '')
        .filter((name) => !name.includes('/'));
      const answers = await Promise.all(plurals.map((name) => api.get(`/apis/${version}/${name}?limit=1`)));
      return plurals.filter((_, index) => answers[index]?.status === 200);
    }),
  );
  return served.flat().map((plural) => `${plural}.${group}`);
}

/** Named after the file, by the convention of controller-gen. */
function crd(file: string): Omit<Crd, 'content'> {
  const [group = '', plural = ''] = path.basename(file, '.yaml').split('_');
  return { group, plural };
}
