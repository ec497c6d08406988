import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { families, type Family } from './families.ts';
import type { Links } from './module-copy.ts';

export interface Build {
  /** The folder with go.mod, where `go` must run. */
  folder: string;
  goArguments: string[];
  /** What the zip of a module lacks. */
  links?: Links | undefined;
  /** Names the cache folder: equal for equal sources and equal build arguments. */
  key: string;
}

export interface Recipe extends Build {
  /** What go.mod pins. */
  version: string;
  /** What makes the program print its version, if it can. */
  versionArguments?: string[] | undefined;
}

export const toolNames = families.flatMap((family) => Object.keys(family.commands));

export function recipe(tool: string): Recipe {
  const family = families.find((candidate) => tool in candidate.commands);
  const command = family?.commands[tool];
  if (!family || !command) {
    throw new Error(`unknown tool ${JSON.stringify(tool)}, expected one of: ${toolNames.join(', ')}`);
  }
  const folder = folderOf(family);
  const version = pinnedVersion(folder, family.module);
  const flags = buildFlags(family.stamps(version));
  const links = command.links && { module: family.module, files: command.links };
  return {
    folder,
    goArguments: [...flags, command.source],
    links,
    key: `${family.folder}-${hash(folder, links ? [...flags, JSON.stringify(links)] : flags)}`,
    version,
    versionArguments: command.versionArguments,
  };
}

/** Of a program of our own that needs no modules. */
export function ownBuild(folder: string): Build {
  const flags = buildFlags({});
  return { folder, goArguments: [...flags, '.'], key: `${path.basename(folder)}-${hash(folder, flags)}` };
}

/** Where to ask `go` for a family's modules, and the name of the main one. */
export function pinnedModule(name: string): { folder: string; module: string } {
  const family = families.find((candidate) => candidate.folder === name);
  if (!family) {
    const names = families.map((candidate) => candidate.folder).join(', ');
    throw new Error(`unknown family ${JSON.stringify(name)}, expected one of: ${names}`);
  }
  return { folder: folderOf(family), module: family.module };
}

function buildFlags(stamps: Readonly<Record<string, string>>): string[] {
  const assignments = Object.entries(stamps).map(([name, value]) => `-X ${name}=${value}`);
  // -buildvcs=false: our own commit must not get into the binary; every checkout would then build its own.
  return ['-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...assignments].join(' ')];
}

function folderOf(family: Family): string {
  return path.join(fileURLToPath(new URL('.', import.meta.url)), family.folder);
}

function pinnedVersion(folder: string, wanted: string): string {
  const goMod = path.join(folder, 'go.mod');
  const lines = readFileSync(goMod, 'utf8').split('\n');
  const words = lines.map((line) =>
    line
      .replace(/^require\s/, '')
      .trim()
      .split(/\s+/),
  );
  const version = words.find(([module]) => module === wanted)?.[1];
  if (!version) throw new Error(`${goMod}: expected a require line for ${wanted}, found none`);
  return version;
}

function hash(folder: string, flags: string[]): string {
  const files = globSync(['go.mod', 'go.sum', '**/*.go'], { cwd: folder }).sort();
  const digest = createHash('sha256').update(JSON.stringify([process.platform, process.arch, ...flags]));
  for (const file of files) digest.update(`\n${file}\n`).update(readFileSync(path.join(folder, file)));
  return digest.digest('hex').slice(0, 12);
}
