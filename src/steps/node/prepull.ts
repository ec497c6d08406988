// The step `prepull`: the images of the target version are here before anything that needs them is stopped.
import type { Host } from '../host/host.ts';
import { findCrictl, runtimeImages } from './container-runtime.ts';
import { fullName } from './image-names.ts';
import { imageSource, listImages, PULL_SECONDS, pullByKubeadm, type ImageSource } from './kubeadm-images.ts';
import { inspectLayout } from './layout.ts';
import type { Action, NodeStep, StepContext } from './node-step.ts';

export const prepull: NodeStep = {
  name: 'prepull',
  async prepare(host, context) {
    const look = await lookAtImages(host, context);
    if (look === undefined) return { refusals: [noBinaries(context)], actions: [], notes: [] };
    const crictl = await findCrictl(host);
    const { missing, source } = look;
    if (crictl === undefined) return { refusals: [], ...byKubeadm(context.plan.operation, missing, source) };
    return { refusals: [], actions: missing.map((image) => pull(crictl, image)), notes: [] };
  },
  async problems(host, context) {
    const look = await lookAtImages(host, context);
    if (look === undefined) return [noBinaries(context)];
    return look.missing.map((image) => `image ${image}: got nothing, expected it in the container runtime`);
  },
};

async function lookAtImages(
  host: Host,
  context: StepContext,
): Promise<{ missing: string[]; source: ImageSource } | undefined> {
  const { plan, components } = context;
  if (components === undefined) return undefined;
  const present = await runtimeImages(host, await inspectLayout(host));
  const source = await imageSource(host, context, components, present);
  const wanted = await listImages(host, plan.operation, source);
  return { missing: wanted.filter((image) => !present.has(fullName(image))), source };
}

function pull(crictl: string, image: string): Action {
  return {
    do: 'run',
    argv: [crictl, 'pull', image],
    timeoutSeconds: PULL_SECONDS,
    change: { what: `image ${image}` },
  };
}

function byKubeadm(
  operation: string,
  missing: readonly string[],
  source: ImageSource,
): { actions: Action[]; notes: string[] } {
  if (missing.length === 0) return { actions: [], notes: [] };
  return {
    actions: [
      {
        do: 'work',
        what: `pull ${missing.join(', ')} by kubeadm config images pull`,
        perform: (host) => pullByKubeadm(host, operation, source),
        change: { what: `images ${missing.join(', ')}` },
      },
    ],
    notes: ['no crictl on this host: kubeadm pulls all images that it knows'],
  };
}

function noBinaries({ plan }: StepContext): string {
  return `release ${plan.release}: got no binaries, expected kubeadm to say which images are needed`;
}
