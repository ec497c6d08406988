import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Argv } from '../../../src/steps/host/host.ts';
import { resolveOwner } from '../../../src/steps/host/owner.ts';
import { tempHost, type TempHost } from './temp-host.ts';

let host: TempHost;
beforeEach(async () => void (host = await tempHost()));
afterEach(() => host.removeAll());

describe('an owner', () => {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

  it.each([
    ['by name', 'root:root'],
    ['by number', `${own.uid}:${own.gid}`],
    ['without a group', 'root'],
  ])('may be given %s', async (_how, owner) => {
    await host.files.write('/etc/file', 'x', { mode: 0o644, owner });
    expect(await host.files.status('/etc/file')).toMatchObject(own);
  });

  it.each(['etcd:root', 'root:etcd', 'root:root:root', ':root', ''])(
    'that is unknown is refused: "%s"',
    async (owner) => {
      await host.put('/etc/file', 'old');
      await expect(host.files.write('/etc/file', 'x', { mode: 0o644, owner })).rejects.toMatchObject({
        reason: 'Failed',
        message: `/etc/file: owner: got "${owner}", expected a user and a group of this machine`,
      });
      expect(await readFile(join(host.root, '/etc/file'), 'utf8')).toBe('old');
    },
  );

  // Giving files away takes root.
  (own.uid === 0 ? it : it.skip)('stays that of the replaced file, unless another is given', async () => {
    await host.files.write('/etc/file', 'old', { mode: 0o4755, owner: 'daemon:daemon' });
    expect(await host.files.status('/etc/file')).toMatchObject({ uid: 1, gid: 1, mode: 0o4755 });
    await host.files.write('/etc/file', 'new', { mode: 0o644 });
    expect(await host.files.status('/etc/file')).toMatchObject({ uid: 1, gid: 1 });
    await host.files.write('/etc/file', 'new', { mode: 0o644, owner: 'root' });
    expect(await host.files.status('/etc/file')).toMatchObject({ uid: 0, gid: 1 });
  });
});

const OTHERWISE = { uid: 7, gid: 8 };

describe('an account that is in no file', () => {
  const asked: Argv[] = [];
  const run = async (argv: Argv) => {
    asked.push(argv);
    const found = argv.at(-1) === 'refit-from-ldap';
    return { code: found ? 0 : 2, stdout: found ? 'refit-from-ldap:*:5000:6000::/:\n' : '', stderr: '' };
  };

  it('is asked of the machine', async () => {
    const owner = 'refit-from-ldap:root';
    expect(await resolveOwner(owner, OTHERWISE, { root: '/', run })).toEqual({ uid: 5000, gid: 0 });
    expect(asked).toEqual([['getent', 'passwd', '--', 'refit-from-ldap']]);
  });

  it('is unknown when the machine does not know it either', async () => {
    expect(await resolveOwner('refit-nobody', OTHERWISE, { root: '/', run })).toBeUndefined();
  });
});
