// What steps that replace programs have in common: which files differ, whether they can be installed, whether they are.
import { dirname } from 'node:path';
import type { Host } from '../host/host.ts';
import type { Action } from './node-step.ts';
import { packageOwners } from './packages.ts';
import type { ComponentFile } from './staged.ts';

/** A staged file and the place of it on the node. */
export interface Target {
  file: ComponentFile;
  from: string;
  /** Links resolved: a link is not replaced by a file. */
  to: string;
}

export type Install = Extract<Action, { do: 'install' }>;

/** Left free on the file system of a target. */
const RESERVE_BYTES = 64 * 2 ** 20;

/** Where a program is, or would be. */
export async function realPath(host: Host, path: string): Promise<string> {
  return (await host.files.resolve(path)) ?? path;
}

/** Targets whose content is another one, or that are not there. */
export async function differing(host: Host, targets: readonly Target[]): Promise<readonly Target[]> {
  const found: Target[] = [];
  for (const target of targets) {
    if ((await host.files.sha256(target.to)) !== target.file.sha256) found.push(target);
  }
  return found;
}

/** `from`, `to`: versions. */
export function installAction(target: Target, versions: { from?: string | undefined; to: string }): Install {
  const { file, from, to } = target;
  const { sha256 } = file;
  const before = versions.from === undefined ? {} : { from: versions.from };
  return { do: 'install', from, to, sha256, change: { what: to, ...before, to: versions.to, sha256 } };
}

/** Why files cannot be installed: a staged one is not what the manifest says, or there is no room. */
export async function installRefusals(host: Host, targets: readonly Target[]): Promise<readonly string[]> {
  const refusals: string[] = [];
  const bytes = new Map<string, number>();
  for (const { file, from, to } of targets) {
    const sha256 = await host.files.sha256(from);
    if (sha256 !== file.sha256) refusals.push(wrongDigest(from, sha256, file.sha256));
    bytes.set(dirname(to), (bytes.get(dirname(to)) ?? RESERVE_BYTES) + file.size);
  }
  for (const [folder, needed] of bytes) {
    const { freeBytes } = await host.files.space(folder);
    if (freeBytes < needed) refusals.push(`${folder}: got ${freeBytes} bytes free, expected ${needed}`);
  }
  return refusals;
}

/** Installed files that are not what the manifest says. */
export async function wrongFiles(host: Host, targets: readonly Target[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { file, to } of targets) {
    const sha256 = await host.files.sha256(to);
    if (sha256 !== file.sha256) problems.push(wrongDigest(to, sha256, file.sha256));
  }
  return problems;
}

/** The package manager is not told, and puts its own file back at its next upgrade: somebody must know. */
export async function ownerNotes(host: Host, targets: readonly Target[]): Promise<readonly string[]> {
  if (targets.length === 0) return [];
  const owners = await packageOwners(
    host,
    targets.map(({ to }) => to),
  );
  return [...owners].map(
    ([path, name]) =>
      `${path} belongs to package ${name}, which does not know of the new file: keep it on hold`,
  );
}

export function wrongDigest(path: string, got: string | undefined, expected: string): string {
  const short = (sha256: string): string => `sha256 ${sha256.slice(0, 12)}...`;
  return `${path}: got ${got === undefined ? 'nothing' : short(got)}, expected ${short(expected)}`;
}
