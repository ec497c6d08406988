// Container images made on this machine: no registry, no Docker.
import { argoImages } from './argo-images.ts';
import { archiveOnce, type E2eImage } from './archive-once.ts';
import type { ImageRecipe } from './image-recipe.ts';
import { kubeVipImage } from './kube-vip-image.ts';
import { kubernetesImages } from './kubernetes-images.ts';
import { productImages } from './product-images.ts';
import { workloadImage } from './workload-image.ts';

export type { E2eImage };

const GROUPS = {
  'kubernetes-1.33': () => kubernetesImages('1.33'),
  'kubernetes-1.34': () => kubernetesImages('1.34'),
  argo: argoImages,
  'kube-vip': kubeVipImage,
  workload: workloadImage,
  refit: productImages,
} satisfies Record<string, () => Promise<ImageRecipe[]>>;

export type ImageGroup = keyof typeof GROUPS;
export const IMAGE_GROUPS = Object.keys(GROUPS) as ImageGroup[];

/** Builds what this machine has not built yet: the first time takes half an hour, later ones some seconds. */
export async function e2eImages(groups: readonly ImageGroup[] = IMAGE_GROUPS): Promise<E2eImage[]> {
  const images: E2eImage[] = [];
  for (const group of groups) {
    images.push(...(await Promise.all((await GROUPS[group]()).map(archiveOnce))));
  }
  return images;
}
