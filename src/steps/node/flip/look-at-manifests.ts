// The manifests of this node as they are, as the new kubeadm renders them, and as the installed one would.
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { sha256Of } from '../../host/sha256.ts';
import { inspectLayout } from '../layout.ts';
import { readNodeRecord } from '../node-record.ts';
import type { StepContext } from '../node-step.ts';
import { programVersion } from '../program-version.ts';
import { proxyVariables } from '../proxy-variables.ts';
import { componentFile, filesOf } from '../staged.ts';
import { manifestFile, parseStaticPod, STATIC_PODS, type StaticPodName } from '../static-pods.ts';
import { initConfiguration } from './init-configuration.ts';
import type { Baseline, Look } from './judge-flip.ts';
import { copyPatches, installedManifests, renderInputs } from './render-inputs.ts';
import { renderManifests, type Manifests } from './render-manifests.ts';

type Render = (kubeadm: string, kubernetes: string) => Promise<Manifests>;

/** `scratch`: a folder for the time of it, which the caller removes. Errors: StatusError Failed. */
export async function lookAtManifests(host: Host, context: StepContext, scratch: string): Promise<Look> {
  const { plan } = context;
  const installed = await installedManifests(host);
  const layout = await inspectLayout(host);
  const inputs = await renderInputs(host, context, installed, layout);
  const patchesDirectory = await copyPatches(host, context, `${scratch}/patches`);
  const proxies = await proxyVariables(host);
  const render: Render = async (kubeadm, kubernetes) => {
    const configuration = initConfiguration({ ...inputs, kubernetes, patchesDirectory });
    return renderManifests(host, { kubeadm, configuration, proxies, folder: `${scratch}/kubeadm` });
  };
  const rendered = await render(stagedKubeadm(context), plan.kubernetes);
  const asLeft = await leftByLastOperation(host, installed);
  const baseline =
    asLeft.size === STATIC_PODS.length
      ? { missing: 'nothing was edited since the last operation' }
      : await readBaseline(host, layout.kubeadm, installed, render);
  return { installed, rendered, baseline, asLeft };
}

/** The record holds what kubeadm had written when the last operation ended well. */
async function leftByLastOperation(host: Host, installed: Manifests): Promise<ReadonlySet<StaticPodName>> {
  const files = (await readNodeRecord(host))?.kubeadmFiles ?? {};
  const left = [...installed].filter(([name, content]) => files[manifestFile(name)] === sha256Of(content));
  return new Set(left.map(([name]) => name));
}

/**
 * Only of the version that made them: what an older or newer one renders says nothing about who edited them. An old kubeadm
 * may not read the configuration any more, which is at the target already.
 */
async function readBaseline(
  host: Host,
  kubeadm: string,
  installed: Manifests,
  render: Render,
): Promise<Baseline> {
  const { tag } = parseStaticPod(installed.get('kube-apiserver') ?? Buffer.of(), 'kube-apiserver');
  try {
    const kubernetes = await programVersion(host, 'kubeadm', kubeadm);
    if (kubernetes === undefined || kubernetes !== tag) {
      return {
        missing: `${kubeadm}: got ${kubernetes ?? 'no version'}, expected ${tag ?? 'that of the manifests'}`,
      };
    }
    return { kubernetes, manifests: await render(kubeadm, kubernetes) };
  } catch (error) {
    if (error instanceof StatusError) return { missing: error.message };
    throw error;
  }
}

function stagedKubeadm({ plan, components }: StepContext): string {
  const file = components && filesOf(components, 'kubernetes').find(({ name }) => name === 'kubeadm');
  if (components && file) return componentFile(components.folder, file);
  throw new StatusError(`release ${plan.release}: got no kubeadm, expected it to render manifests`, {
    reason: 'Failed',
  });
}
