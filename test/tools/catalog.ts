import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { families, type Family } from './families.ts';

export interface Recipe {
  /** The folder with go.mod, where `go` must run. */
  folder: string;
  goArguments: string[];
  /** Names the cache folder: equal for equal sources and equal build arguments. */
  key: string;
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
  const stamps = Object.entries(family.stamps(version)).map(([name, value]) => `-X ${name}=${value}`);
  // -buildvcs=false: our own commit must not get into the binary; every checkout would then build its own.
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamps].join(' ')];
  return {
    folder,
    goArguments: [...flags, command.source],
    key: `${family.folder}-${hash(folder, flags)}`,
    version,
    versionArguments: command.versionArguments,
  };
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
