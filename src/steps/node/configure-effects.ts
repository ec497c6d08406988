// What makes a written file of the desired configuration effective, by its path.
import { basename } from 'node:path/posix';
import { saidWithoutQuotes } from './containerd-layout.ts';
import type { DesiredFile } from '../../api/desired-configuration.ts';
import { StatusError } from '../../api/errors.ts';
import { operationFolder } from '../host/folders.ts';
import type { Argv, Host } from '../host/host.ts';
import { contentOf } from './desired-files.ts';
import type { Action } from './node-step.ts';
import { readService } from './service.ts';
import { isChangedSince } from './static-pod-processes.ts';
import { MANIFESTS_FOLDER } from './static-pods.ts';

export const DAEMON_RELOAD: Argv = ['systemctl', 'daemon-reload'];
export const RESTART_CONTAINERD: Argv = ['systemctl', 'restart', 'containerd'];
/** 90 s at most to stop, and as many to start. */
const RESTART_SECONDS = 200;

/** Written last: what they mount is there then. The kubelet reads no file whose name begins with a dot, so no half one. */
export const isStaticPod = (path: string): boolean => path.startsWith(`${MANIFESTS_FOLDER}/`);
export const isSysctl = (path: string): boolean => /^\/etc\/sysctl\.d\/.*\.conf$/.test(path);
export const isUnit = (path: string): boolean => path.startsWith('/etc/systemd/system/');

/** Read by containerd when it starts; settings of registries are read at each pull. */
export function isContainerd(path: string): boolean {
  if (path.startsWith('/etc/containerd/certs.d/')) return false;
  return path.startsWith('/etc/containerd/') || path.startsWith('/etc/systemd/system/containerd.service.d/');
}

/** Commands for files that are written, or were by an attempt that was killed before it came to this. Pure. */
export function effects(paths: readonly string[]): Action[] {
  return [
    ...paths.filter(isSysctl).map((path): Action => ({ do: 'run', argv: ['sysctl', '-p', path] })),
    // The step `kubelet` restarts the kubelet for it.
    ...(paths.some(isUnit) ? [{ do: 'run', argv: DAEMON_RELOAD } as const] : []),
  ];
}

/** Units that must be restarted by somebody else, or at the next boot. */
export function unitNotes(paths: readonly string[]): string[] {
  return paths
    .filter((path) => isUnit(path) && !isContainerd(path) && !path.includes('/kubelet.service'))
    .map((path) => `${path}: its unit is not restarted`);
}

/** By the containerd of this node, before its file is touched: one that it cannot read would keep it from starting. */
export function containerdCheck(program: string, operation: string, file: DesiredFile): Action {
  const copy = `${operationFolder(operation)}/check-${basename(file.path)}`;
  return {
    do: 'work',
    what: `check ${file.path} with containerd`,
    perform: async (host) => {
      await host.files.write(copy, contentOf(file), { mode: 0o600 });
      try {
        const { code, stderr } = await host.run([program, '--config', copy, 'config', 'dump']);
        if (code === 0) return;
        // What it quotes may be a registry's password.
        throw new StatusError(
          `${file.path}: containerd: got exit code ${code}, expected 0: ${saidWithoutQuotes(stderr)}`,
          {
            reason: 'Failed',
          },
        );
      } finally {
        await host.files.remove(copy);
      }
    },
  };
}

export const restartContainerd: Action = {
  do: 'run',
  argv: RESTART_CONTAINERD,
  timeoutSeconds: RESTART_SECONDS,
  change: { what: 'containerd', to: 'restarted' },
};

/** Why containerd does not run with these files. */
export async function containerdProblems(host: Host, paths: readonly string[]): Promise<string[]> {
  const read = paths.filter(isContainerd);
  if (read.length === 0) return [];
  const { activeState, startedAt } = await readService(host, 'containerd');
  if (activeState !== 'active' || startedAt === undefined) {
    return [`containerd.service: got ${activeState}, expected active`];
  }
  const problems: string[] = [];
  for (const path of read) {
    if (await isChangedSince(host, path, startedAt))
      problems.push(`containerd: started before ${path} changed`);
  }
  return problems;
}
