// A folder of downloaded programs becomes the components of a release: sorted and checked, with their digests.
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  COMPONENTS,
  COMPONENTS_FILE,
  componentsSchema,
  type Component,
  type Components,
} from '../../api/components.ts';
import { COMPONENTS_FOLDER } from '../../api/install.ts';
import { parseVersion } from '../../api/version.ts';
import type { Host } from '../../steps/host/host.ts';
import { elfArchitecture } from '../../steps/node/elf.ts';
import { isSameVersion, programVersion, type Program } from '../../steps/node/program-version.ts';
import { fileDigest } from './file-digest.ts';
import { refusal } from './refusal.ts';
import { fileFrom, textFile, type TreeEntry } from './tree.ts';

/** What the caller says. Of containerd and the CNI plugins the programs are asked if he does not. */
export type Versions = Pick<Components, 'kubernetes'> & Partial<Record<Component, string>>;

export interface ComponentFiles {
  components: Components;
  /** The programs and their list, where the image has them. */
  entries: readonly TreeEntry[];
}

/** Programs that are known by name. Others must lie in a folder named after their component. */
const NAMES: Readonly<Record<Component, readonly string[]>> = {
  kubernetes: ['kubeadm', 'kubectl', 'kubelet'],
  containerd: ['containerd', 'containerd-shim-runc-v1', 'containerd-shim-runc-v2', 'ctr', 'runc'],
  cni: (
    'bandwidth bridge dhcp dummy firewall host-device host-local ipvlan loopback macvlan portmap ptp sbr static ' +
    'tap tuning vlan vrf'
  ).split(' '),
};
/** Without these the rest of a component is of no use. */
const REQUIRED: Readonly<Record<Component, readonly string[]>> = {
  kubernetes: NAMES.kubernetes,
  containerd: ['containerd', 'containerd-shim-runc-v2'],
  cni: [],
};
const TELL_VERSION: Readonly<Record<Component, readonly Program[]>> = {
  kubernetes: ['kubeadm', 'kubectl', 'kubelet'],
  containerd: ['containerd'],
  cni: ['loopback'],
};
const ELF_HEADER_BYTES = 64;
const NAME = componentsSchema.shape.files.element.shape.name;
const FOLDER = COMPONENTS_FOLDER.slice(1);

interface Found {
  component: Component;
  name: string;
  source: string;
}

/**
 * The programs are run (`--version`), so they must be for this machine.
 * Errors: BadInput naming the file and what is wrong with it; Failed when a program does not run.
 */
export async function readComponentFiles(
  folder: string,
  wanted: Versions,
  { architecture, host }: { architecture: Components['architecture']; host: Host },
): Promise<ComponentFiles> {
  parseVersion(wanted.kubernetes, '--kubernetes');
  const found = await findPrograms(path.resolve(folder));
  checkComplete(folder, found);
  for (const file of found) await checkProgram(file, architecture);
  const containerd = await versionOf('containerd', found, wanted, host);
  const cni = await versionOf('cni', found, wanted, host);
  await versionOf('kubernetes', found, wanted, host);
  const files: Components['files'] = [];
  const entries: TreeEntry[] = [];
  for (const { component, name, source } of found) {
    const entry = await fileFrom(`${FOLDER}/${component}/${name}`, source, 0o755);
    files.push({ component, name, size: entry.size, sha256: await fileDigest(host, source) });
    entries.push(entry);
  }
  const components: Components = {
    version: 1,
    architecture,
    kubernetes: wanted.kubernetes,
    ...(containerd !== undefined && { containerd }),
    ...(cni !== undefined && { cni }),
    files,
  };
  const manifest = `${JSON.stringify(components, undefined, 2)}\n`;
  return { components, entries: [...entries, textFile(`${FOLDER}/${COMPONENTS_FILE}`, manifest)] };
}

async function findPrograms(folder: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of await readdir(folder)) {
    const source = path.join(folder, name);
    if ((await stat(source)).isDirectory()) {
      const component = COMPONENTS.find((candidate) => candidate === name);
      if (component === undefined)
        throw refusal(`${source}: expected no folders but ${COMPONENTS.join(', ')}`);
      for (const inner of await readdir(source)) {
        found.push({ component, name: inner, source: path.join(source, inner) });
      }
    } else {
      const component = COMPONENTS.find((candidate) => NAMES[candidate].includes(name));
      if (component === undefined) {
        throw refusal(
          `${source}: not a program that is known by its name: move it into a folder ${COMPONENTS.join(' or ')}`,
        );
      }
      found.push({ component, name, source });
    }
  }
  const key = ({ component, name }: Found): string => `${COMPONENTS.indexOf(component)} ${name}`;
  return found.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function checkComplete(folder: string, found: readonly Found[]): void {
  for (const component of COMPONENTS) {
    const names = found.filter((file) => file.component === component).map(({ name }) => name);
    if (component !== 'kubernetes' && names.length === 0) continue;
    const missing = REQUIRED[component].filter((name) => !names.includes(name));
    if (missing.length > 0)
      throw refusal(`${folder}: ${component}: got no ${missing.join(', ')}, expected them`);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw refusal(`${folder}: ${component}: got ${twice} twice, expected it once`);
  }
}

async function checkProgram({ name, source }: Found, expected: string): Promise<void> {
  if (!NAME.safeParse(name).success)
    throw refusal(`${source}: expected a name of letters, digits, ".", "_" and "-"`);
  const handle = await open(source);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(ELF_HEADER_BYTES), 0, ELF_HEADER_BYTES, 0);
    const got = bytesRead < ELF_HEADER_BYTES ? undefined : elfArchitecture(buffer);
    if (got === undefined) throw refusal(`${source}: got no Linux program, expected nothing else here`);
    if (got !== expected) {
      throw refusal(
        `${source}: got a program for ${got}, expected ${expected}: the node of this machine goes with it`,
      );
    }
    // The table of sections is at the end: a download that was cut off lacks it.
    const end = Number(buffer.readBigUInt64LE(40)) + buffer.readUInt16LE(58) * buffer.readUInt16LE(60);
    const { size } = await handle.stat();
    if (size < end) throw refusal(`${source}: got ${size} bytes, expected at least ${end}: it is cut off`);
  } finally {
    await handle.close();
  }
}

/** undefined: the component is not there. */
async function versionOf(
  component: Component,
  found: readonly Found[],
  wanted: Versions,
  host: Host,
): Promise<string | undefined> {
  const flag = `--${component}`;
  const version = wanted[component];
  const files = found.filter((file) => file.component === component);
  if (files.length === 0) {
    if (version === undefined) return undefined;
    throw refusal(`${flag}: got ${version}, but no programs of it`);
  }
  let told: string | undefined;
  for (const program of TELL_VERSION[component]) {
    const source = files.find(({ name }) => name === program)?.source;
    if (source === undefined) continue;
    told = await programVersion(host, program, source);
    if (told !== undefined && version !== undefined && !isSameVersion(told, version)) {
      throw refusal(`${source}: got ${told}, expected ${version} (${flag})`);
    }
  }
  // What a distribution adds to a version has no place in the image map.
  const known = version ?? told?.replace(/[~+].*$/, '');
  if (known === undefined)
    throw refusal(`${flag}: got none, expected a version: the programs do not tell theirs`);
  return known;
}
