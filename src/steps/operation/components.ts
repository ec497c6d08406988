// Which component binaries a step is given.
import { COMPONENTS_FILE, componentsSchema } from '../../api/components.ts';
import { badInput } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { readJson } from '../node/json-file.ts';
import type { StagedComponents } from '../node/node-step.ts';

/** Those that a launch brought. Errors: BadInput when there is no list of them. */
export async function broughtComponents(host: Host, folder: string): Promise<StagedComponents> {
  const file = `${folder}/${COMPONENTS_FILE}`;
  const components = await readJson(host, file, componentsSchema);
  if (components === undefined) throw badInput(file, undefined, 'a list of components');
  return { ...components, folder };
}
