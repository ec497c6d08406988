// The step `kubeadm`: its binary, and what it makes of this node: static pods, certificates, the kubelet's configuration.
import { parse } from 'yaml';
import type { DesiredConfiguration, DesiredFile } from '../../api/desired-configuration.ts';
import { isObject } from '../../api/json.ts';
import type { Host } from '../host/host.ts';
import { controlPlaneProblems, manifestProblems } from './control-plane-health.ts';
import { differingFiles, NO_CONFIGURATION, writeAction } from './desired-files.ts';
import { isFlipBegun } from './flip/flip.ts';
import { endFlip, flipActions } from './flip/flip-actions.ts';
import { differing, installAction, installRefusals, ownerNotes, type Target } from './install-files.ts';
import {
  changedByKubeadm,
  isManifest,
  keepKubeadmFiles,
  kubeadmFiles,
  putBackMissingManifests,
  reasonsToRun,
} from './kubeadm-files.ts';
import { kubeadmRun, runKubeadm } from './kubeadm-run.ts';
import { KUBELET_CONFIGURATION_FILE } from './kubelet-configuration.ts';
import { inspectLayout } from './layout.ts';
import { readNodeRecord } from './node-record.ts';
import type { Action, NodeStep, StepContext } from './node-step.ts';
import { programVersion } from './program-version.ts';
import { componentFile, filesOf } from './staged.ts';
import { MANIFESTS_FOLDER } from './static-pods.ts';

const KUBERNETES_FOLDER = '/etc/kubernetes/';

export const kubeadm: NodeStep = {
  name: 'kubeadm',

  async prepare(host, context) {
    const { plan, desired } = context;
    if (!desired) return { refusals: [NO_CONFIGURATION], actions: [], notes: [] };
    const layout = await inspectLayout(host);
    const program = layout.kubeadm;
    const installed = await programVersion(host, 'kubeadm', program);
    const replaced = await differing(host, targets(program, context));
    const reasons = [
      ...replaced.map(({ to }) => `${to} is not the staged one`),
      ...reasonsToRun(plan, await readNodeRecord(host), await kubeadmFiles(host)),
      ...(plan.role === 'control-plane' ? await manifestProblems(host, plan.kubernetes) : []),
      ...((await isFlipBegun(host, plan.operation)) ? ['its flip has begun'] : []),
    ];
    if (reasons.length === 0) return { refusals: [], actions: [], notes: [] };
    host.log(`kubeadm is needed: ${reasons.join('; ')}`);
    const files = await differingFiles(host, desired.files.filter(isNeededBefore(desired)));
    const flip = await flipActions(host, context, layout);
    const refusals = [
      ...files.refusals,
      ...(await installRefusals(host, replaced)),
      ...(replaced.length > 0 || installed === plan.kubernetes
        ? []
        : [`${program}: got ${installed ?? 'no version'}, expected ${plan.kubernetes}, which is not staged`]),
      ...(await patchesRefusals(host, desired)),
      ...flip.refusals,
    ];
    const actions = [
      ...files.files.map(writeAction),
      ...replaced.map((target) => installAction(target, { from: installed, to: plan.kubernetes })),
      ...upgradeNode(program, context, desired, installed, flip.actions),
    ];
    return { refusals, actions, notes: [...flip.notes, ...(await ownerNotes(host, replaced))] };
  },

  async problems(host, { plan }) {
    const version = await programVersion(host, 'kubeadm', (await inspectLayout(host)).kubeadm);
    return [
      ...(version === plan.kubernetes
        ? []
        : [`kubeadm: got ${version ?? 'no version'}, expected ${plan.kubernetes}`]),
      ...(await kubeletConfigurationProblems(host)),
      ...(plan.role === 'control-plane' ? await controlPlaneProblems(host, plan.kubernetes) : []),
    ];
  },

  /** Once a static pod is another one, its program has run on etcd's data: there is no way back that loses nothing. */
  async restoration(host, { plan }) {
    await endFlip(host, plan.operation);
    // Either way: without them the node has no control plane at all.
    await putBackMissingManifests(host, plan.operation);
    const changed = await changedByKubeadm(host, plan.operation);
    if (changed.some(isManifest)) return 'forward';
    // It may have been restarted meanwhile, by kubeadm itself, too.
    return changed.length > 0 ? [['systemctl', 'restart', 'kubelet']] : [];
  },
};

/**
 * How the node gets there. Alone, kubeadm moves the static pods one after the other; after a flip, which moves all of them
 * and the kubelet at once, it finds its manifests equal and does the rest.
 */
function upgradeNode(
  program: string,
  { plan }: StepContext,
  { patchesDirectory, ignorePreflightErrors }: DesiredConfiguration,
  from: string | undefined,
  flip: readonly Action[],
): Action[] {
  const run = kubeadmRun(plan, { kubeadm: program, patchesDirectory, ignorePreflightErrors });
  return [
    {
      do: 'work',
      what: 'keep what kubeadm will rewrite',
      perform: (host) => keepKubeadmFiles(host, plan.operation),
    },
    ...flip,
    {
      do: 'work',
      what: 'kubeadm upgrade node',
      perform: (host) => runKubeadm(host, plan, run),
      change: {
        what: 'kubeadm upgrade node',
        ...(from === undefined ? {} : { from }),
        to: plan.kubernetes,
      },
    },
  ];
}

function targets(to: string, { components }: StepContext): Target[] {
  if (!components) return [];
  return filesOf(components, 'kubernetes')
    .filter(({ name }) => name === 'kubeadm')
    .map((file) => ({ file, from: componentFile(components.folder, file), to }));
}

/** Patches, and what new manifests mount (audit policies, ...): later would be too late. Static pods come with `configure`. */
function isNeededBefore({ patchesDirectory }: DesiredConfiguration): (file: DesiredFile) => boolean {
  const folders = [KUBERNETES_FOLDER, ...(patchesDirectory === undefined ? [] : [patchesDirectory])];
  return ({ path }) => folders.some((folder) => isBelow(path, folder)) && !isBelow(path, MANIFESTS_FOLDER);
}

/** kubeadm would find out only when it renders the first manifest. */
async function patchesRefusals(
  host: Host,
  { patchesDirectory: folder, files }: DesiredConfiguration,
): Promise<string[]> {
  if (folder === undefined || files.some(({ path }) => isBelow(path, folder))) return [];
  const found = await host.files.resolve(folder);
  return found === undefined ? [`patches.directory ${folder}: absent, expected a folder`] : [];
}

/** A kubelet does not start without it. */
async function kubeletConfigurationProblems(host: Host): Promise<string[]> {
  const expected = `${KUBELET_CONFIGURATION_FILE}: expected a KubeletConfiguration`;
  try {
    const configuration: unknown = parse(String(await host.files.read(KUBELET_CONFIGURATION_FILE)));
    return isObject(configuration) && configuration['kind'] === 'KubeletConfiguration' ? [] : [expected];
  } catch {
    return [expected];
  }
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
