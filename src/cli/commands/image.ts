// `refit image`: the images as OCI archives, for sites without a registry, and their entries for the image map.
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Components } from '../../api/components.ts';
import { EXIT } from '../../api/commands.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { isObject } from '../../api/json.ts';
import { imageMapSchema } from '../../api/policy.ts';
import { fileError } from '../../steps/host/file-errors.ts';
import { createLocalHost } from '../../steps/host/local-host.ts';
import { systemClock } from '../clock.ts';
import { readComponentFiles, type Versions } from '../image/components-folder.ts';
import { architectureOf, refitImage, upgraderImage, type Base, type Workshop } from '../image/contents.ts';
import { readArchive } from '../image/read-archive.ts';
import { writeTree } from '../image/tree.ts';
import { writeArchive, type Image } from '../image/write-archive.ts';
import type { Io } from '../io.ts';
import { version } from '../version.ts';

/** An archive, with a name, or a tree. */
export interface ImageFlags {
  name?: string;
  output?: string;
  base?: string;
  tree?: string;
}
export interface UpgraderFlags extends ImageFlags, Versions {
  components: string;
  release?: string;
}
export interface EntryFlags {
  archive: string;
  name?: string;
  release?: string;
}

type Target = { name: string; output: string; base: Base } | { tree: string; base: 'container' };

/** With a registry: the kubelet would take a name without one for a name of Docker's. */
const REPOSITORY =
  /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(?::\d+)?(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+$/;

export function makeRefitImage(flags: ImageFlags, io: Io): Promise<number> {
  return withFileErrors(async () => {
    const target = targetOf(flags);
    const image = await refitImage(workshop(), target.base);
    await leave(image, target, version(), io, (reference) => `${reference}\n`);
  });
}

export function makeUpgraderImage(flags: UpgraderFlags, io: Io): Promise<number> {
  return withFileErrors(async () => {
    const target = targetOf(flags);
    const site = workshop();
    const files = await readComponentFiles(flags.components, flags, site);
    const release = flags.release ?? files.components.kubernetes;
    const entryFor = (reference: string): string => entry(release, files.components, reference);
    // Before the work: is it one that the image map takes?
    entryFor(`localhost/any@sha256:${'0'.repeat(64)}`);
    await leave(await upgraderImage(site, target.base, files), target, release, io, entryFor);
  });
}

export function printEntry({ archive, name, release }: EntryFlags, io: Io): Promise<number> {
  return withFileErrors(async () => {
    const image = await readArchive(archive);
    const repository = name ?? image.name;
    if (repository === undefined)
      throw badInput('--name', name, 'the repository: the archive does not tell it');
    const { components, digest, isTagged } = image;
    if (isTagged) {
      io.err(
        `${archive}: names its image by a tag: containerd 2 imports it by that alone; write it without a tag\n`,
      );
    }
    const reference = `${checkedName(repository)}@${digest}`;
    io.out(entry(release ?? components.kubernetes, components, reference));
  });
}

/** YAML for the image map. Errors: BadInput for what the server would refuse in it. */
function entry(release: string, { kubernetes, containerd, cni }: Components, image: string): string {
  const map = {
    [release]: {
      kubernetes,
      ...(containerd !== undefined && { containerd }),
      ...(cni !== undefined && { cni }),
      image,
    },
  };
  const parsed = imageMapSchema.safeParse(map);
  if (parsed.success) return stringify(map);
  const problems = parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`);
  throw new StatusError(`image map: ${problems.join('; ')}`, { reason: 'BadInput', cause: parsed.error });
}

function targetOf({ name, output, tree, base }: ImageFlags): Target {
  if (tree !== undefined) {
    if (name === undefined && output === undefined && base === undefined) return { tree, base: 'container' };
    throw badInput('--tree', tree, 'neither --name nor --output nor --base with it');
  }
  if (name === undefined)
    throw badInput('--name', name, 'a repository like registry.example.com/refit/upgrader');
  if (output === undefined) throw badInput('--output', output, 'a file');
  return { name: checkedName(name), output, base: base === undefined ? 'collected' : { folder: base } };
}

function checkedName(name: string): string {
  if (REPOSITORY.test(name)) return name;
  throw badInput(
    '--name',
    name,
    'registry and repository without a tag, like registry.example.com/refit/upgrader',
  );
}

async function leave(
  image: Image,
  target: Target,
  tag: string,
  io: Io,
  textFor: (reference: string) => string,
): Promise<void> {
  if ('tree' in target) return writeTree(image.layers.flat(), target.tree);
  const { name, output } = target;
  const { digest, bytes } = await writeArchive(output, image, { name, tag });
  io.err(`${output}: ${(bytes / 2 ** 20).toFixed(1)} MiB, for ${image.architecture}\n`);
  io.out(textFor(`${name}@${digest}`));
}

function workshop(): Workshop {
  return {
    host: createLocalHost({ clock: systemClock(), log: () => undefined }),
    architecture: architectureOf(process),
    node: { file: process.execPath, version: process.versions.node },
    // A bundler may put the folder of the source in place of import.meta.
    project: projectFolder(path.dirname(realpathSync(process.argv[1] ?? '.'))),
  };
}

/** The program is in it: a source file, or the bundle. */
function projectFolder(from: string): string {
  if (existsSync(path.join(from, 'package-lock.json'))) return from;
  const above = path.dirname(from);
  if (above !== from) return projectFolder(above);
  throw badInput('package-lock.json', undefined, "it above this program: run it in Refit's repository");
}

async function withFileErrors(work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return EXIT.done;
  } catch (error) {
    if (!isObject(error) || !('syscall' in error)) throw error;
    const file = typeof error['path'] === 'string' ? error['path'] : 'the image';
    throw fileError(file, 'be read or written', error);
  }
}
