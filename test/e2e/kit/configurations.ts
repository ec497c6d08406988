// Changes of a control-plane node's configuration, as its KubeadmConfig says them.
import type { JsonObject } from '../../../src/api/json.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { readMachineObjects } from './objects.ts';
import type { Site } from './site.ts';

export interface Configuration {
  kubeletArguments: Readonly<Record<string, string>>;
  apiServerArguments: Readonly<Record<string, string>>;
  /** Path -> content. */
  files: Readonly<Record<string, string>>;
}

/** A merge patch of the spec. What is there already stays; Cluster API writes the join form whatever made the node. */
export async function configured(site: Site, machine: string, wanted: Configuration): Promise<JsonObject> {
  const { bootstrapConfig } = await readMachineObjects(site, machine);
  const own = at(bootstrapConfig, 'spec');
  const registration =
    at(own, 'joinConfiguration', 'nodeRegistration') ?? at(own, 'initConfiguration', 'nodeRegistration');
  const owned = { owner: 'root:root', permissions: '0644' };
  const files = Object.entries(wanted.files).map(([path, content]) => ({ path, content, ...owned }));
  return {
    clusterConfiguration: {
      apiServer: {
        extraArgs: withArguments(
          at(own, 'clusterConfiguration', 'apiServer'),
          'extraArgs',
          wanted.apiServerArguments,
        ),
      },
    },
    initConfiguration: null,
    joinConfiguration: {
      controlPlane: {},
      nodeRegistration: {
        ...(registration as JsonObject | undefined),
        kubeletExtraArgs: withArguments(registration, 'kubeletExtraArgs', wanted.kubeletArguments),
      },
    },
    files: [
      ...list(own, 'files').filter((file) => !files.some((one) => one.path === at(file, 'path'))),
      ...files,
    ],
  };
}

function withArguments(
  from: ReturnType<typeof at>,
  key: string,
  wanted: Readonly<Record<string, string>>,
): JsonObject[] {
  const kept = list(from, key).filter(
    (one) => !Object.hasOwn(wanted, text(one, 'name') ?? ''),
  ) as JsonObject[];
  return [...kept, ...Object.entries(wanted).map(([name, value]) => ({ name, value }))];
}
