import { tool } from '../../tools/build.ts';
import { recipe } from '../../tools/catalog.ts';
import { imageRecipe, type ImageRecipe } from './image-recipe.ts';

/** As in upstream's own image. */
const CONTROLLER_USER = 8737;

/** The executor copies itself from /bin/argoexec into each pod. */
export async function argoImages(): Promise<ImageRecipe[]> {
  const { version } = recipe('argoexec');
  const [controller, executor] = [await tool('workflow-controller'), await tool('argoexec')];
  return [
    imageRecipe('quay.io/argoproj/workflow-controller', version, {
      programs: { '/bin/workflow-controller': controller },
      user: CONTROLLER_USER,
    }),
    imageRecipe('quay.io/argoproj/argoexec', version, { programs: { '/bin/argoexec': executor } }),
  ];
}
