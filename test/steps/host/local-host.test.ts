import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/cli/clock.ts';
import { createLocalHost } from '../../../src/steps/host/local-host.ts';
import { putFile } from './temp-host.ts';

const execute = promisify(execFile);
const CHILD = fileURLToPath(new URL('full-disk-child.ts', import.meta.url));
let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'refit-local-'))));
afterEach(() => rm(root, { recursive: true }));

describe('the machine itself', () => {
  const host = createLocalHost({ clock: systemClock(), log: () => undefined });

  it('follows links that only the kernel can follow', async () => {
    const running = createHash('sha256').update(await readFile(process.execPath));
    expect(await host.files.sha256(`/proc/${process.pid}/exe`)).toBe(running.digest('hex'));
    expect(await host.files.resolve(`/proc/${process.pid}/exe`)).toBe(process.execPath);
    expect(await host.files.status(`/proc/${process.pid}/root/etc/passwd`)).toMatchObject({ kind: 'file' });
  });

  it('has its programs in the usual folders, and in /opt/bin', async () => {
    const { stdout } = await host.run(['printenv', 'PATH']);
    expect(stdout.trim().split(':')).toEqual(
      expect.arrayContaining(['/usr/local/bin', '/usr/sbin', '/opt/bin']),
    );
  });
});

describe('programs', () => {
  it('are looked for on the path that is given', async () => {
    await putFile(root, '/systemctl', '#!/bin/sh\necho "stand-in: $@"\n');
    await chmod(join(root, 'systemctl'), 0o755);
    const host = createLocalHost({ clock: systemClock(), log: () => undefined, root, path: `${root}:/bin` });
    expect((await host.run(['systemctl', 'restart', 'kubelet'])).stdout).toBe('stand-in: restart kubelet\n');
  });
});

describe('a write for which there is no space', () => {
  const limits: [string, string[], string][] = [
    ['file size limit', ['sh', '-c', 'ulimit -f 100; exec "$@"', 'sh'], 'EFBIG (file too large)'],
  ];
  if (canMount()) {
    const mount = 'mount -t tmpfs -o size=100k tmpfs "$0" && exec "$@"';
    limits.push(['full disk', ['unshare', '--mount', 'sh', '-c', mount], 'ENOSPC (no space left on device)']);
  }

  it.each(limits)(
    'leaves the old file and nothing else: %s',
    async (what, [program = '', ...args], errno) => {
      if (what === 'full disk') args.push(root);
      const { stdout } = await execute(program, [...args, process.execPath, CHILD, root]);
      expect(JSON.parse(stdout)).toEqual({
        reason: 'Failed',
        message: `/kubelet: cannot be written: ${errno}`,
        kubelet: 'old',
        files: ['kubelet'],
      });
    },
  );
});

/** Only root can, and not in every container. */
function canMount(): boolean {
  return spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
}
