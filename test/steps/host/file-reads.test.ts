import { createHash } from 'node:crypto';
import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tempHost, type TempHost } from './temp-host.ts';

let host: TempHost;
beforeEach(async () => void (host = await tempHost()));
afterEach(() => host.removeAll());

const real = (path: string): string => join(host.root, path);
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

describe('what is absent', () => {
  it.each(['/no/such/file', '/etc/passwd/below-a-file'])('is nothing: %s', async (path) => {
    const { files } = host;
    expect(await files.read(path)).toBeUndefined();
    expect(await files.status(path)).toBeUndefined();
    expect(await files.resolve(path)).toBeUndefined();
    expect(await files.sha256(path)).toBeUndefined();
    await expect(files.remove(path)).resolves.toBeUndefined();
  });

  it('is an empty list', async () => {
    expect(await host.files.list('/no/such')).toEqual([]);
  });
});

describe('looking', () => {
  it('tells kind, size, permissions and owner, of a link itself', async () => {
    await host.put('/usr/bin/tool', 'tool', 0o600);
    await chmod(real('/usr/bin/tool'), 0o4755);
    await symlink('tool', real('/usr/bin/alias'));
    expect(await host.files.status('/usr/bin/tool')).toMatchObject({
      kind: 'file',
      size: 4,
      mode: 0o4755,
      uid: process.getuid?.(),
    });
    expect(await host.files.status('/usr/bin/alias')).toMatchObject({ kind: 'link' });
    expect(await host.files.status('/usr')).toMatchObject({ kind: 'folder' });
  });

  it('follows absolute links below the root, not out of it', async () => {
    await host.put('/var/lib/kubelet/pki/today.pem', 'certificate');
    await symlink('/var/lib/kubelet', real('/kubelet'));
    await symlink('/var/lib/kubelet/pki/today.pem', real('/var/lib/kubelet/pki/current.pem'));
    const path = '/kubelet/pki/current.pem';
    expect(String(await host.files.read(path))).toBe('certificate');
    expect(await host.files.resolve(path)).toBe('/var/lib/kubelet/pki/today.pem');
    expect(await host.files.sha256(path)).toBe(sha256('certificate'));
    expect(await host.files.list('/kubelet/pki')).toEqual(['current.pem', 'today.pem']);
  });

  it('gives up on links that go round', async () => {
    await symlink('b', real('/a'));
    await symlink('a', real('/b'));
    await expect(host.files.read('/a')).rejects.toMatchObject({
      reason: 'Failed',
      message: '/a: too many links',
    });
  });

  it('tells the space of the nearest folder that is there', async () => {
    const { freeBytes, freeInodes } = await host.files.space('/no/such/folder/yet');
    expect(freeBytes).toBeGreaterThan(0);
    expect(freeInodes).toBeGreaterThan(0);
  });

  it('names path and errno when it fails', async () => {
    await expect(host.files.read('/etc')).rejects.toMatchObject({
      reason: 'Failed',
      message: '/etc: cannot be read: EISDIR (illegal operation on a directory)',
    });
    await expect(host.files.list('/etc/passwd')).rejects.toMatchObject({
      message: '/etc/passwd: cannot be listed: ENOTDIR (not a directory)',
    });
    await expect(host.files.read('etc/passwd')).rejects.toMatchObject({
      message: 'path: got "etc/passwd", expected an absolute one',
    });
  });
});
