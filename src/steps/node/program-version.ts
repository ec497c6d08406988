// What a program says that it is.
import { StatusError } from '../../api/errors.ts';
import type { Argv, Host } from '../host/host.ts';
import { exeFile, type Service } from './service.ts';

const PROGRAMS = {
  kubeadm: { args: ['version', '-o', 'short'], version: /^(v\d\S*)/ },
  kubelet: { args: ['--version'], version: /^Kubernetes (v\d\S*)/m },
  // Before 1.28 it prints a Go value.
  kubectl: { args: ['version', '--client'], version: /(?:^Client Version: |GitVersion:")(v\d[^\s"]+)/m },
  containerd: { args: ['--version'], version: /^containerd \S+ (\S+)/m },
  // To stderr, and `version unknown` when it was built without one.
  loopback: { args: ['--version'], version: /^CNI loopback plugin (v?\d\S*)/m },
} as const;

export type Program = keyof typeof PROGRAMS;
export const VERSIONED_PROGRAMS = Object.keys(PROGRAMS) as Program[];

/** Like v1.34.3; undefined: it runs, but does not say. Errors: StatusError Failed when it does not run. */
export async function programVersion(
  host: Host,
  program: Program,
  path: string,
): Promise<string | undefined> {
  const { args, version } = PROGRAMS[program];
  const argv: Argv = [path, ...args];
  const { code, stdout, stderr } = await host.run(argv);
  if (code !== 0) throw new StatusError(`${argv.join(' ')}: got exit code ${code}`, { reason: 'Failed' });
  return version.exec(stdout)?.[1] ?? version.exec(stderr)?.[1];
}

/** Of what runs: the file at its path may be a newer one. `path`: that of a service that does not run. */
export async function runningVersion(
  host: Host,
  program: Program,
  { mainPid }: Pick<Service, 'mainPid'>,
  path: string,
): Promise<string | undefined> {
  return programVersion(host, program, mainPid === undefined ? path : exeFile(mainPid));
}

/** `v2.1.4`, `2.1.4` and a rebuild of it, `2.1.4+deb12` or `2.1.4~ds1`, are the same. */
export function isSameVersion(one: string | undefined, other: string | undefined): boolean {
  const bare = (version: string | undefined): string | undefined =>
    version?.replace(/^v/, '').replace(/[+~].*$/, '');
  return one !== undefined && bare(one) === bare(other);
}
