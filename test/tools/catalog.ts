import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Go commands that one go.mod pins together, or only a module that is read and not built. */
interface Family {
  folder: string;
  /** The module whose version the commands report, and whose folder can be asked for. */
  module: string;
  /** `-X` assignments that stamp the version: what upstream's own build scripts do. */
  stamps: (version: string) => Record<string, string>;
  /** Tool name to Go package. */
  commands: Record<string, string>;
}

const families: Family[] = [
  { folder: 'capi', module: 'sigs.k8s.io/cluster-api', stamps: () => ({}), commands: {} },
  {
    folder: 'argo',
    module: 'github.com/argoproj/argo-workflows/v4',
    stamps: (version) => ({ 'github.com/argoproj/argo-workflows/v4.version': version }),
    commands: {
      'argo-lint': './lint',
      'workflow-controller': 'github.com/argoproj/argo-workflows/v4/cmd/workflow-controller',
    },
  },
  {
    folder: 'etcd',
    module: 'go.etcd.io/etcd/server/v3',
    stamps: () => ({}),
    commands: { etcd: 'go.etcd.io/etcd/server/v3' },
  },
  {
    folder: 'kubernetes',
    module: 'k8s.io/kubernetes',
    stamps: kubernetesStamps,
    commands: { 'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver' },
  },
];

/** Without these the API server calls itself v0.0.0-master, and clients that look at its minor are misled. */
function kubernetesStamps(version: string): Record<string, string> {
  const [major = '', minor = ''] = version.replace('v', '').split('.');
  const name = 'k8s.io/component-base/version';
  return {
    [`${name}.gitVersion`]: version,
    [`${name}.gitMajor`]: major,
    [`${name}.gitMinor`]: minor,
    [`${name}.gitTreeState`]: 'clean',
  };
}

export interface Recipe {
  /** The folder with go.mod, where `go` must run. */
  folder: string;
  goArguments: string[];
  /** Names the cache folder: equal for equal sources and equal build arguments. */
  key: string;
}

export const toolNames = families.flatMap((family) => Object.keys(family.commands));

export function recipe(tool: string): Recipe {
  const family = families.find((candidate) => tool in candidate.commands);
  const command = family?.commands[tool];
  if (!family || !command) {
    throw new Error(`unknown tool ${JSON.stringify(tool)}, expected one of: ${toolNames.join(', ')}`);
  }
  const folder = folderOf(family);
  const ldflags = ['-s', '-w', ...stampFlags(family, folder)].join(' ');
  // -buildvcs=false: our own commit must not get into the binary; every checkout would then build its own.
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ldflags];
  return { folder, goArguments: [...flags, command], key: `${family.folder}-${hash(folder, flags)}` };
}

/** Where to ask `go` for a family's module, and the module's name. */
export function pinnedModule(name: string): { folder: string; module: string } {
  const family = families.find((candidate) => candidate.folder === name);
  if (!family) {
    const names = families.map((candidate) => candidate.folder).join(', ');
    throw new Error(`unknown family ${JSON.stringify(name)}, expected one of: ${names}`);
  }
  return { folder: folderOf(family), module: family.module };
}

function folderOf(family: Family): string {
  return path.join(fileURLToPath(new URL('.', import.meta.url)), family.folder);
}

function stampFlags(family: Family, folder: string): string[] {
  const goMod = path.join(folder, 'go.mod');
  const lines = readFileSync(goMod, 'utf8').split('\n');
  const words = lines.map((line) =>
    line
      .replace(/^require\s/, '')
      .trim()
      .split(/\s+/),
  );
  const version = words.find(([module]) => module === family.module)?.[1];
  if (!version) throw new Error(`${goMod}: expected a require line for ${family.module}, found none`);
  return Object.entries(family.stamps(version)).map(([name, value]) => `-X ${name}=${value}`);
}

function hash(folder: string, flags: string[]): string {
  const files = globSync(['go.mod', 'go.sum', '**/*.go'], { cwd: folder }).sort();
  const digest = createHash('sha256').update(JSON.stringify([process.platform, process.arch, ...flags]));
  for (const file of files) digest.update(`\n${file}\n`).update(readFileSync(path.join(folder, file)));
  return digest.digest('hex').slice(0, 12);
}
