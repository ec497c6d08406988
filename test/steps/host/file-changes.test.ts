import { createHash } from 'node:crypto';
import { link, lstat, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { STATE_FOLDER } from '../../../src/steps/host/folders.ts';
import { tempHost, type TempHost } from './temp-host.ts';
import { readTree } from './tree.ts';

let host: TempHost;
beforeEach(async () => void (host = await tempHost()));
afterEach(() => host.removeAll());

const real = (path: string): string => join(host.root, path);
const modeOf = async (path: string): Promise<string> => ((await lstat(real(path))).mode & 0o7777).toString(8);
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
/** A pid that nobody has: the largest that there can be is 2^22. */
const DEAD = 2 ** 22 + 1;

describe('write', () => {
  it('makes folders, and sets the mode whatever the umask', async () => {
    const before = process.umask(0o077);
    await host.files.write('/etc/a/b/file', 'new', { mode: 0o664 }).finally(() => process.umask(before));
    expect(String(await host.files.read('/etc/a/b/file'))).toBe('new');
    expect([await modeOf('/etc/a/b/file'), await modeOf('/etc/a/b')]).toEqual(['664', '755']);
  });

  it('keeps the folders of Refit to root', async () => {
    await host.files.write(`${STATE_FOLDER}/edge-1/plan.json`, '{}', { mode: 0o600 });
    expect([await modeOf(STATE_FOLDER), await modeOf(`${STATE_FOLDER}/edge-1`)]).toEqual(['700', '700']);
  });

  it('replaces the file: who has the old one open keeps it, and a hard link is not changed', async () => {
    await host.put('/usr/bin/tool', 'old');
    await link(real('/usr/bin/tool'), real('/usr/bin/same'));
    await host.files.write('/usr/bin/tool', 'new', { mode: 0o755 });
    expect(await readFile(real('/usr/bin/same'), 'utf8')).toBe('old');
    expect(await readFile(real('/usr/bin/tool'), 'utf8')).toBe('new');
  });

  it('replaces the file behind a link, and leaves the link', async () => {
    await host.put('/opt/real', 'old');
    await symlink('/opt/real', real('/etc/alias'));
    await symlink('/opt/none-yet', real('/etc/dangling'));
    await host.files.write('/etc/alias', 'new', { mode: 0o644 });
    await host.files.write('/etc/dangling', 'new', { mode: 0o644 });
    expect(await readlink(real('/etc/alias'))).toBe('/opt/real');
    expect(await readFile(real('/opt/real'), 'utf8')).toBe('new');
    expect(await readFile(real('/opt/none-yet'), 'utf8')).toBe('new');
  });

  it('removes what killed attempts left, and nothing else', async () => {
    const others = [
      `.file.refit-${process.pid}-0123456789ab`,
      '.file.refit-notes',
      `.other.refit-${DEAD}-0123456789ab`,
    ];
    for (const name of [...others, `.file.refit-${DEAD}-0123456789ab`])
      await host.put(`/etc/x/${name}`, 'half');
    await host.files.write('/etc/x/file', 'whole', { mode: 0o644 });
    expect(await host.files.list('/etc/x')).toEqual([...others, 'file'].sort());
  });

  it('takes a stream, and leaves the old file when that breaks', async () => {
    const stream = async function* (broken?: Error) {
      yield Buffer.from('ne');
      if (broken) throw broken;
      yield Buffer.from('w');
    };
    await host.files.write('/etc/x/snapshot', stream(), { mode: 0o600 });
    const cut = new StatusError('GET http://127.0.0.1: cut', { reason: 'Unavailable' });
    await expect(host.files.write('/etc/x/snapshot', stream(cut), { mode: 0o600 })).rejects.toBe(cut);
    expect(String(await host.files.read('/etc/x/snapshot'))).toBe('new');
    expect(await host.files.list('/etc/x')).toEqual(['snapshot']);
  });

  it('leaves nothing behind when it fails', async () => {
    await mkdir(real('/etc/folder/full'), { recursive: true });
    const before = await readTree(host.root);
    await expect(host.files.write('/etc/folder', 'new', { mode: 0o644 })).rejects.toMatchObject({
      reason: 'Failed',
      message: '/etc/folder: cannot be written: EISDIR (illegal operation on a directory)',
    });
    expect(await readTree(host.root)).toEqual(before);
  });
});

describe('copy', () => {
  const CONTENT = 'binary'.repeat(200_000);

  it('streams and checks the sha256', async () => {
    await host.put('/stage/tool', CONTENT);
    await host.files.copy('/stage/tool', '/usr/bin/tool', { mode: 0o755, sha256: sha256(CONTENT) });
    expect(await host.files.sha256('/usr/bin/tool')).toBe(sha256(CONTENT));
    expect(await modeOf('/usr/bin/tool')).toBe('755');
  });

  it('changes nothing when the sha256 is another', async () => {
    await host.put('/stage/tool', `${CONTENT}!`);
    await host.put('/usr/bin/tool', 'old');
    const before = await readTree(host.root);
    await expect(
      host.files.copy('/stage/tool', '/usr/bin/tool', { mode: 0o755, sha256: sha256(CONTENT) }),
    ).rejects.toMatchObject({
      reason: 'Failed',
      message: `/stage/tool: sha256: got ${sha256(`${CONTENT}!`)}, expected ${sha256(CONTENT)}`,
    });
    expect(await readTree(host.root)).toEqual(before);
  });

  it.each([
    ['/stage/none', '/stage/none: cannot be read: ENOENT (no such file or directory)'],
    ['/etc', '/etc: cannot be read: EISDIR (illegal operation on a directory)'],
  ])('needs a file to copy: %s', async (from, message) => {
    await expect(host.files.copy(from, '/usr/tool', { mode: 0o755 })).rejects.toMatchObject({
      reason: 'Failed',
      message,
    });
    expect(await host.files.status('/usr/tool')).toBeUndefined();
  });
});

describe('makeFolder', () => {
  it("leaves the mode of what is there, but not of Refit's own", async () => {
    await mkdir(real('/etc/shared'), { mode: 0o700 });
    await mkdir(real(STATE_FOLDER), { recursive: true, mode: 0o755 });
    await host.files.makeFolder('/etc/shared', 0o755);
    await host.files.makeFolder(STATE_FOLDER, 0o700);
    await host.files.makeFolder('/etc/new/one', 0o711);
    expect([await modeOf('/etc/shared'), await modeOf(STATE_FOLDER)]).toEqual(['700', '700']);
    expect([await modeOf('/etc/new'), await modeOf('/etc/new/one')]).toEqual(['755', '711']);
  });

  it('refuses a file', async () => {
    await expect(host.files.makeFolder('/etc/passwd', 0o755)).rejects.toMatchObject({
      message: '/etc/passwd: is a file, expected a folder',
    });
  });
});

describe('rename', () => {
  it('puts a file over another one, a folder in a free place, and of a link only the link', async () => {
    await host.put('/usr/bin/.tool.next', 'new', 0o755);
    await host.put('/usr/bin/tool', 'old');
    await host.put('/var/a/below/file', 'x');
    await symlink('/var/b/below', real('/var/link'));
    await host.files.rename('/usr/bin/.tool.next', '/usr/bin/tool');
    await host.files.rename('/var/a', '/var/b');
    await host.files.rename('/var/link', '/var/other');
    expect(await host.files.list('/usr/bin')).toEqual(['tool']);
    expect([await readFile(real('/usr/bin/tool'), 'utf8'), await modeOf('/usr/bin/tool')]).toEqual([
      'new',
      '755',
    ]);
    expect(String(await host.files.read('/var/other/file'))).toBe('x');
  });

  it('fails for what is not there, and for a folder that is in use', async () => {
    await host.put('/var/a/file', 'x');
    await host.put('/var/b/file', 'x');
    await expect(host.files.rename('/etc/none', '/etc/x')).rejects.toMatchObject({
      message: '/etc/none: cannot be renamed to /etc/x: ENOENT (no such file or directory)',
    });
    await expect(host.files.rename('/var/a', '/var/b')).rejects.toMatchObject({ reason: 'Failed' });
  });
});

describe('remove', () => {
  it('takes a whole folder, and of a link only the link', async () => {
    await host.put('/opt/folder/below/file', 'x');
    await symlink('/opt/folder', real('/etc/link'));
    await host.files.remove('/etc/link');
    expect(await host.files.list('/opt/folder')).toEqual(['below']);
    await host.files.remove('/opt/folder/');
    expect(await host.files.list('/opt')).toEqual([]);
  });
});

describe('createExclusively', () => {
  it('lets one of many make the file, whole', async () => {
    const path = `${STATE_FOLDER}/lock.json`;
    const attempts = Array.from({ length: 20 }, (_, index) =>
      host.files.createExclusively(path, `by ${index}`),
    );
    const made = await Promise.all(attempts);
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(String(await host.files.read(path))).toBe(`by ${made.indexOf(true)}`);
    expect(await host.files.list(STATE_FOLDER)).toEqual(['lock.json']);
    expect(await modeOf(path)).toBe('600');
  });

  it('does not follow a link', async () => {
    await symlink('/opt/none', real('/etc/lock'));
    expect(await host.files.createExclusively('/etc/lock', 'x')).toBe(false);
    await expect(stat(real('/opt/none'))).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(real('/etc/other'), '');
    expect(await host.files.createExclusively('/etc/other', 'x')).toBe(false);
  });
});
