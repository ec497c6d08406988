// A real host whose files lie in a temporary folder.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/api/clock.ts';
import { systemClock } from '../../../src/cli/clock.ts';
import type { Host } from '../../../src/steps/host/host.ts';
import { createLocalHost } from '../../../src/steps/host/local-host.ts';

export interface TempHost extends Host {
  readonly root: string;
  readonly lines: string[];
  /** Makes a file, and the folders above it, by other means than the host. */
  put(path: string, content: string, mode?: number): Promise<void>;
  removeAll(): Promise<void>;
}

export async function tempHost(options: { clock?: Clock; path?: string } = {}): Promise<TempHost> {
  const root = await mkdtemp(join(tmpdir(), 'refit-host-'));
  const lines: string[] = [];
  const host = createLocalHost({
    clock: systemClock(),
    log: (line) => void lines.push(line),
    root,
    ...options,
  });
  await putFile(root, '/etc/passwd', accounts('root', process.getuid?.() ?? 0));
  await putFile(root, '/etc/group', accounts('root', process.getgid?.() ?? 0));
  return {
    ...host,
    root,
    lines,
    put: (path, content, mode) => putFile(root, path, content, mode),
    removeAll: () => rm(root, { recursive: true, force: true }),
  };
}

export async function putFile(root: string, path: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(join(root, path, '..'), { recursive: true });
  await writeFile(join(root, path), content, { mode });
}

/** Whoever runs the tests is the root of that host. */
function accounts(name: string, id: number): string {
  return `# accounts\n${name}:x:${id}:\ndaemon:x:1:\n`;
}
