// Programs that the machine already has.
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/** The part of a Recipe that says whether a program fits. */
export interface Wanted {
  version: string;
  versionArguments?: string[] | undefined;
}

const answerWithinMs = 10_000;

/** The program of that name in $KUBEBUILDER_ASSETS if it fits; tells on stderr why one there is not used. */
export async function fromAssets(name: string, wanted: Wanted): Promise<string | undefined> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (!assets) return undefined;
  const program = path.resolve(assets, name);
  if (!isExecutable(program)) return undefined;

  const reason = await misfit(program, wanted);
  if (!reason) return program;
  process.stderr.write(`${name}: ${program} of KUBEBUILDER_ASSETS is not used: ${reason}\n`);
  return undefined;
}

/** The first program of that name on PATH if it fits. */
export async function fromPath(name: string, wanted: Wanted): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((one) => path.isAbsolute(one));
  const program = folders.map((folder) => path.join(folder, name)).find(isExecutable);
  return program && !(await misfit(program, wanted)) ? program : undefined;
}

/** Why a program is not the wanted one; undefined if it is. */
export async function misfit(program: string, wanted: Wanted): Promise<string | undefined> {
  if (!wanted.versionArguments) return 'cannot be asked for its version';
  const asked = [path.basename(program), ...wanted.versionArguments].join(' ');
  try {
    const { stdout } = await promisify(execFile)(program, wanted.versionArguments, {
      timeout: answerWithinMs,
      killSignal: 'SIGKILL',
    });
    const got = reportedVersion(stdout);
    if (isSameVersion(got, wanted.version)) return undefined;
    return `${asked}: got ${got ?? 'no version'}, expected ${wanted.version}`;
  } catch (error) {
    const { code, signal } = error as { code?: unknown; signal?: unknown };
    return `${asked}: ended with ${String(code ?? signal)}, expected ${wanted.version}`;
  }
}

/** The first complete version in a text, suffix and all: v1.34.4+rke2r1 and v1.34.4-dirty are other programs. */
export function reportedVersion(output: string): string | undefined {
  return /(?<![\w.])v?\d+\.\d+\.\d+[\w.+-]*/.exec(output)?.[0];
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Some print Go's leading `v`, others do not. */
function isSameVersion(got: string | undefined, wanted: string): boolean {
  return got?.replace(/^v/, '') === wanted.replace(/^v/, '');
}
