// Which of the images is what.
import { recipe } from '../../tools/catalog.ts';
import type { E2eImage } from '../images/images.ts';

export interface Images {
  /** By tag: what containerd is configured with. */
  pause: string;
  argoController: string;
  argoExecutor: string;
  /** By digest: Refit's own. */
  refit: string;
  /** By digest, by Kubernetes version. */
  upgraders: Readonly<Record<string, string>>;
}

/** Errors: which one is missing. */
export function imagesOf(all: readonly E2eImage[]): Images {
  const find = (end: string, tag?: string): E2eImage => {
    const found = all.find((image) => image.name.endsWith(end) && (tag === undefined || image.tag === tag));
    if (!found) throw new Error(`images: got no ${end.slice(1)}:${tag ?? ''}, expected one`);
    return found;
  };
  const byTag = ({ name, tag }: E2eImage) => `${name}:${tag}`;
  const byDigest = ({ name, digest }: E2eImage) => `${name}@${digest}`;
  const versions = ['kubeadm-1.33', 'kubeadm'].map((name) => recipe(name).version);
  return {
    pause: byTag(find('/pause')),
    argoController: byTag(find('/workflow-controller')),
    argoExecutor: byTag(find('/argoexec')),
    refit: byDigest(find('/refit')),
    upgraders: Object.fromEntries(versions.map((version) => [version, byDigest(find('/upgrader', version))])),
  };
}
