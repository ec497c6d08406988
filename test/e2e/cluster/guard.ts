// A shell that removes a cluster when the process that started it is gone, however that ended.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClusterLayout } from './folder.ts';

const DOWN = fileURLToPath(new URL('down.ts', import.meta.url));
const ONCE_STDIN_ENDS = 'read -r _; exec "$@"';

export function removeWhenWeEnd({ root }: ClusterLayout): { cancel(): void } {
  const words = [process.execPath, '--disable-warning=ExperimentalWarning', DOWN, '--folder', root];
  const shell = spawn('sh', ['-c', ONCE_STDIN_ENDS, 'sh', ...words], {
    // Away from the terminal's Ctrl-C.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  return { cancel: () => void shell.kill('SIGKILL') };
}
