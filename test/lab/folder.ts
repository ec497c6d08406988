// A lab's folder.
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/** The kernel's limit for the path of a unix socket, without its end. */
const MAX_SOCKET_PATH = 107;

export interface FolderLayout {
  root: string;
  /** They outlive the lab. */
  logs: string;
  kubeconfig: string;
  /** Where the supervisor listens. */
  socket: string;
  /** What runs, for those who clean up after a killed supervisor. */
  processes: string;
  /** Keys, tokens, etcd. */
  data: string;
}

/** Short enough for a line: relative if that is possible. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

/** `logs`: elsewhere than in the folder. */
export function folderLayout(folder: string, logs?: string): FolderLayout {
  const root = path.resolve(folder);
  return {
    root,
    logs: path.resolve(logs ?? path.join(root, 'logs')),
    kubeconfig: path.join(root, 'kubeconfig'),
    socket: path.join(root, 'control.sock'),
    processes: path.join(root, 'processes.json'),
    data: path.join(root, 'data'),
  };
}

/** Errors: a path that is too long for the sockets in it. */
export function createFolder(layout: FolderLayout): void {
  const longest = path.join(layout.data, 'client.sock');
  if (Buffer.byteLength(longest) > MAX_SOCKET_PATH) {
    throw new Error(
      `${longest}: got ${Buffer.byteLength(longest)} bytes, expected at most ${MAX_SOCKET_PATH} (a unix socket)`,
    );
  }
  for (const one of [layout.root, layout.logs, layout.data]) {
    mkdirSync(one, { recursive: true });
    chmodSync(one, 0o700);
  }
}
