// The step `cni`: CNI plugins of the release, each for itself.
import { inspectLayout } from './layout.ts';
import {
  differing,
  installAction,
  installRefusals,
  ownerNotes,
  realPath,
  wrongFiles,
  type Target,
} from './install-files.ts';
import type { Host } from '../host/host.ts';
import type { NodeStep, StagedComponents, StepContext } from './node-step.ts';
import { componentFile, filesOf } from './staged.ts';

/** The folder is shared with the plugins of the pod network (calico, cilium-cni, ...), and /etc/cni/net.d is theirs. */
export const cni: NodeStep = {
  name: 'cni',
  prepare: async (host, { components }) => {
    if (components?.cni === undefined) {
      return { refusals: [], actions: [], notes: ['the release brings no CNI plugins'] };
    }
    const version = components.cni;
    const { cniFolder } = await inspectLayout(host);
    const targets = await findTargets(host, cniFolder, components);
    const changed = await differing(host, targets);
    const shipped = new Set(targets.map(({ file }) => file.name));
    const foreign = (await host.files.list(cniFolder)).filter((name) => !shipped.has(name));
    return {
      refusals: await installRefusals(host, changed),
      actions: changed.map((target) => installAction(target, { to: version })),
      notes: [
        ...(foreign.length > 0 ? [`${cniFolder}: not ours, kept: ${foreign.join(', ')}`] : []),
        ...(await ownerNotes(host, changed)),
      ],
    };
  },
  problems: async (host, context) => wrongFiles(host, await targetsOf(host, context)),
};

async function targetsOf(host: Host, { components }: StepContext): Promise<readonly Target[]> {
  if (components?.cni === undefined) return [];
  return findTargets(host, (await inspectLayout(host)).cniFolder, components);
}

async function findTargets(
  host: Host,
  cniFolder: string,
  components: StagedComponents,
): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for (const file of filesOf(components, 'cni')) {
    const to = await realPath(host, `${cniFolder}/${file.name}`);
    targets.push({ file, from: componentFile(components.folder, file), to });
  }
  return targets;
}
