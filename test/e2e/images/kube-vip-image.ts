import { tool } from '../../tools/build.ts';
import { recipe } from '../../tools/catalog.ts';
import { imageRecipe, type ImageRecipe } from './image-recipe.ts';

const NAME = 'ghcr.io/kube-vip/kube-vip';
const { version } = recipe('kube-vip');
export const KUBE_VIP_IMAGE = `${NAME}:${version}`;

export async function kubeVipImage(): Promise<ImageRecipe[]> {
  return [imageRecipe(NAME, version, { programs: { '/kube-vip': await tool('kube-vip') } })];
}
