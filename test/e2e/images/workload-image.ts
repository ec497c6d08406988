import { fileURLToPath } from 'node:url';
import { program } from '../../tools/build.ts';
import { imageRecipe, type ImageRecipe } from './image-recipe.ts';

const sources = fileURLToPath(new URL('programs/workload', import.meta.url));

export async function workloadImage(): Promise<ImageRecipe[]> {
  return [imageRecipe('refit.test/workload', 'e2e', { programs: { '/workload': await program(sources) } })];
}
