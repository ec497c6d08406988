// The two images: what is in them, and how they run.
import path from 'node:path';
import semver from 'semver';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Components } from '../../api/components.ts';
import { PROGRAM_FOLDER } from '../../api/install.ts';
import type { Host } from '../../steps/host/host.ts';
import type { ComponentFiles } from './components-folder.ts';
import { fileDigest } from './file-digest.ts';
import { installedPackages, owningPackages, type SystemContents } from './packages.ts';
import { refusal } from './refusal.ts';
import { sbom, SBOM_FILE } from './sbom.ts';
import { collectSystem, nodeLibraries, NONROOT } from './system-files.ts';
import { fileFrom, readTree, textFile, type TreeEntry } from './tree.ts';
import type { Image } from './write-archive.ts';

/** Where images are made. */
export interface Workshop {
  host: Host;
  architecture: Components['architecture'];
  /** It goes into the image. */
  node: { file: string; version: string };
  /** Holds package-lock.json and bundle/. */
  project: string;
}

/** collected: the least, from this machine; container: those of the container that runs this; or a folder with a root. */
export type Base = 'collected' | 'container' | { folder: string };

const PROGRAM = PROGRAM_FOLDER.slice(1);
const ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
/** There may be no shell, and no env, in the image. */
const COMMAND = `#!${PROGRAM_FOLDER}/node\nimport('${PROGRAM_FOLDER}/refit.js');\n`;
const NSENTER = ['/usr/bin/nsenter', '/usr/sbin/nsenter', '/bin/nsenter'];

/** Errors: BadInput for a machine whose programs no node could run. */
export function architectureOf({
  platform,
  arch,
}: {
  platform: string;
  arch: string;
}): Workshop['architecture'] {
  if (platform === 'linux' && arch === 'x64') return 'amd64';
  if (platform === 'linux' && arch === 'arm64') return 'arm64';
  throw refusal(
    `this machine: got ${platform} ${arch}, expected Linux on amd64 or arm64: its node goes into the image`,
  );
}

/** The server and the steps of Workflows. Errors: BadInput when something is missing on this machine. */
export async function refitImage(workshop: Workshop, base: Base): Promise<Image> {
  const bundle = path.join(workshop.project, 'bundle');
  const program = await programFiles(workshop, bundle, (file) => !file.startsWith('host/'));
  const system = await systemOf(workshop, base, []);
  const contents = textFile(SBOM_FILE, await contentsOf(workshop, 'refit', system.contents));
  return {
    architecture: workshop.architecture,
    layers: [system.entries, [...program, textFile('usr/bin/refit', COMMAND, 0o755), contents]],
    config: config('refit', `${NONROOT}:${NONROOT}`, ['refit']),
  };
}

/**
 * What Jobs run on nodes. As root: the Job is privileged and enters the namespaces of the host, which no other user may.
 * Its components are a layer of their own: releases share the others.
 */
export async function upgraderImage(
  workshop: Workshop,
  base: Base,
  { components, entries }: ComponentFiles,
): Promise<Image> {
  const bundle = path.join(workshop.project, 'bundle/host');
  const program = await programFiles(workshop, bundle, (file) => file === 'refit.js');
  const system = await systemOf(workshop, base, [await findNsenter(workshop.host, base)]);
  const contents = textFile(
    SBOM_FILE,
    await contentsOf(workshop, 'refit-upgrader', system.contents, components),
  );
  return {
    architecture: workshop.architecture,
    layers: [system.entries, program, [...entries, contents]],
    config: config('refit-upgrader', '0:0', [`${PROGRAM_FOLDER}/node`, `${PROGRAM_FOLDER}/refit.js`]),
  };
}

function config(title: string, user: string, entrypoint: string[]): Image['config'] {
  const labels = { title, version: packageJson.version, licenses: packageJson.license };
  return {
    User: user,
    Env: ENV,
    Entrypoint: entrypoint,
    WorkingDir: '/',
    Labels: Object.fromEntries(
      Object.entries(labels).map(([key, value]) => [`org.opencontainers.image.${key}`, value]),
    ),
  };
}

/** Modes are ours, whatever the umask was. */
async function programFiles(
  { node }: Workshop,
  bundle: string,
  isWanted: (file: string) => boolean,
): Promise<TreeEntry[]> {
  if (!semver.satisfies(node.version, packageJson.engines.node)) {
    throw refusal(`${node.file}: got node ${node.version}, expected ${packageJson.engines.node} (npx node)`);
  }
  const files = (await readTree(bundle)).filter(({ kind, path: file }) => kind === 'file' && isWanted(file));
  if (!files.some((file) => file.path === 'refit.js')) {
    throw refusal(`${bundle}/refit.js: got none, expected what npm run bundle makes`);
  }
  return Promise.all([
    fileFrom(`${PROGRAM}/node`, node.file, 0o755),
    ...files.map((file) => fileFrom(`${PROGRAM}/${file.path}`, path.join(bundle, file.path), 0o644)),
  ]);
}

async function systemOf(
  workshop: Workshop,
  base: Base,
  programs: readonly string[],
): Promise<{ entries: readonly TreeEntry[]; contents: SystemContents }> {
  const { host, architecture, node } = workshop;
  if (base === 'collected') {
    const { entries, paths } = await collectSystem(host, { architecture, node: node.file, programs });
    return { entries, contents: await owningPackages(host, paths) };
  }
  const libraries = await nodeLibraries(host, architecture, node.file);
  if (base === 'container') return { entries: [], contents: await installedPackages(host, '/') };
  const folder = path.resolve(base.folder);
  if (folder === '/')
    throw refusal('--base: got the root of this machine, expected the folder of another one');
  const entries = await readTree(folder);
  const names = new Set(entries.map((entry) => path.basename(entry.path)));
  const missing = [...libraries, ...programs]
    .map((file) => path.basename(file))
    .filter((name) => !names.has(name));
  if (missing.length > 0) throw refusal(`${folder}: got no ${missing.join(', ')}, expected them`);
  return { entries, contents: await installedPackages(host, folder) };
}

/** Of a folder only its name is looked for. */
async function findNsenter({ files }: Host, base: Base): Promise<string> {
  if (typeof base === 'object') return 'nsenter';
  for (const file of NSENTER) if ((await files.resolve(file)) !== undefined) return file;
  throw refusal(`${NSENTER[0]}: got none, expected it (util-linux): it goes into the image`);
}

async function contentsOf(
  { host, node, project }: Workshop,
  name: string,
  system: SystemContents,
  components?: Components,
): Promise<string> {
  const locked = await host.files.read(path.join(project, 'package-lock.json'));
  const lockfile = JSON.parse(locked?.toString() ?? 'null') as unknown;
  const { version } = packageJson;
  const nodeContents = { version: node.version, sha256: await fileDigest(host, node.file) };
  return json(
    sbom({ name, version, lockfile, node: nodeContents, system, ...(components && { components }) }),
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
