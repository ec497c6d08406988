// The components of a release: in the Job's container, and staged on the node.
import { COMPONENTS_FILE, componentsSchema, type Component, type Components } from '../../api/components.ts';
import { StatusError } from '../../api/errors.ts';
import { stageFolder } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import type { StagedComponents } from './node-step.ts';

export type ComponentFile = Components['files'][number];

/** Where a file of a component lies below the folder that holds components.json. */
export const componentFile = (folder: string, { component, name }: ComponentFile): string =>
  `${folder}/${component}/${name}`;

export function filesOf(components: Components, component: Component): readonly ComponentFile[] {
  return components.files.filter((file) => file.component === component);
}

/**
 * What `stage` left for a release; undefined: nothing. Sizes are compared here, digests when a file is installed.
 * Errors: StatusError Failed naming each file that is missing or not whole.
 */
export async function readStaged(host: Host, release: string): Promise<StagedComponents | undefined> {
  const folder = stageFolder(release);
  const manifest = `${folder}/${COMPONENTS_FILE}`;
  const content = await host.files.read(manifest);
  if (content === undefined) return undefined;
  const components = { ...parseComponents(content, manifest), folder };
  const problems = await incompleteFiles(host, components);
  if (problems.length > 0) throw new StatusError(problems.join('; '), { reason: 'Failed' });
  return components;
}

/** Files that are missing or have another size. */
export async function incompleteFiles(host: Host, components: StagedComponents): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const file of components.files) {
    const path = componentFile(components.folder, file);
    const status = await host.files.status(path);
    const got = status?.kind === 'file' ? `${status.size} bytes` : (status?.kind ?? 'nothing');
    if (got !== `${file.size} bytes`) problems.push(`${path}: got ${got}, expected ${file.size} bytes`);
  }
  return problems;
}

function parseComponents(content: Buffer, path: string): Components {
  try {
    return componentsSchema.parse(JSON.parse(content.toString()));
  } catch (cause) {
    throw new StatusError(`${path}: got something else, expected what components are made of`, {
      reason: 'Failed',
      cause,
    });
  }
}
