// The files of the desired configuration: which differ from the node's, and how they are written.
import { normalize } from 'node:path/posix';
import type { DesiredFile } from '../../api/desired-configuration.ts';
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { sha256Of } from '../host/sha256.ts';
import type { Action } from './node-step.ts';

/** Why steps that need it do nothing without. */
export const NO_CONFIGURATION = 'the desired configuration: got none, expected the one that the plan is for';

export interface FileDifferences {
  /** In the order of the configuration, each path once. */
  files: readonly DesiredFile[];
  /** Why they cannot be written. */
  refusals: readonly string[];
}

/** Only looks. Errors: StatusError Failed. */
export async function differingFiles(host: Host, desired: readonly DesiredFile[]): Promise<FileDifferences> {
  const files: DesiredFile[] = [];
  const refusals: string[] = [];
  for (const file of effective(desired)) {
    const refusal = await pathRefusal(host, file.path);
    const problem = refusal === undefined ? await fileProblem(host, file) : undefined;
    if (refusal !== undefined) refusals.push(refusal);
    else if (problem !== undefined) files.push(file);
  }
  return { files, refusals };
}

/** What of the files is not there yet. */
export async function fileProblems(host: Host, desired: readonly DesiredFile[]): Promise<string[]> {
  const problems: string[] = [];
  for (const file of effective(desired)) {
    const problem = await fileProblem(host, file);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

export const contentOf = (file: DesiredFile): Buffer => Buffer.from(file.content, 'base64');

export function writeAction(file: DesiredFile): Action {
  const { path, owner } = file;
  const content = contentOf(file);
  const change = { what: path, sha256: sha256Of(content) };
  return { do: 'write', path, content, mode: modeOf(file), owner, change };
}

/** One path is written once: cloud-init writes in this order, so the last one is what a new machine has. */
function effective(desired: readonly DesiredFile[]): readonly DesiredFile[] {
  return [...new Map(desired.map((file) => [file.path, file])).values()];
}

/** undefined: content, mode and owner are as desired. */
async function fileProblem(host: Host, file: DesiredFile): Promise<string | undefined> {
  const { path } = file;
  const real = await host.files.resolve(path);
  const status = real === undefined ? undefined : await host.files.status(real);
  if (real === undefined || status === undefined) return `${path}: absent, expected a file`;
  if ((await host.files.sha256(real)) !== sha256Of(contentOf(file))) {
    return `${path}: got another content than the desired one`;
  }
  const mode = (bits: number): string => bits.toString(8).padStart(4, '0');
  if (status.mode !== modeOf(file))
    return `${path}: got mode ${mode(status.mode)}, expected ${mode(modeOf(file))}`;
  const owner = await ownerOf(host, real);
  return owner.isAlso(file.owner) ? undefined : `${path}: got owner ${owner.name}, expected ${file.owner}`;
}

/** Names and numbers as this machine knows them, LDAP and all. */
async function ownerOf(host: Host, path: string): Promise<{ name: string; isAlso(owner: string): boolean }> {
  const { code, stdout } = await host.run(['stat', '--format=%U %u %G %g', '--', path]);
  const [user = '', uid = '', group = '', gid = ''] = stdout.trim().split(' ');
  if (code !== 0 || gid === '') {
    throw new StatusError(`stat ${path}: exit code ${code}, expected its owner`, { reason: 'Failed' });
  }
  return {
    name: `${user}:${group}`,
    isAlso: (owner) => {
      const [wantedUser = '', wantedGroup] = owner.split(':');
      return (
        [user, uid].includes(wantedUser) && (wantedGroup === undefined || [group, gid].includes(wantedGroup))
      );
    },
  };
}

/** Claims have refused most of it; a launch by hand is not checked by them. */
async function pathRefusal(host: Host, path: string): Promise<string | undefined> {
  if (!path.startsWith('/') || path.endsWith('/') || normalize(path) !== path || /\p{Cc}/u.test(path)) {
    return `file ${JSON.stringify(path)}: expected an absolute, normalised path of a file`;
  }
  const real = await host.files.resolve(path);
  const kind = real === undefined ? undefined : (await host.files.status(real))?.kind;
  return kind === undefined || kind === 'file' ? undefined : `${path}: is a ${kind}, expected a file`;
}

function modeOf({ permissions }: DesiredFile): number {
  return Number.parseInt(permissions, 8);
}
