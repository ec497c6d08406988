import { chmod, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { undoFolder } from '../../../src/steps/host/folders.ts';
import { drop, hasUndo, openUndo, restore, type UndoJournal } from '../../../src/steps/host/undo.ts';
import { tempHost, type TempHost } from './temp-host.ts';
import { readTree } from './tree.ts';

const [OPERATION, STEP] = ['edge-1', 'kubelet'];
const FOLDER = undoFolder(OPERATION, STEP);
const CHANGE = { what: 'kubelet', from: 'v1.33.7', to: 'v1.34.3' };
let host: TempHost;
let journal: UndoJournal;
beforeEach(async () => {
  host = await tempHost();
  journal = openUndo(host, OPERATION, STEP);
});
afterEach(() => host.removeAll());

const tree = () => readTree(host.root, ['/var']);
const undo = () => restore(host, OPERATION, STEP);
const write = (path: string, content: string, mode = 0o644) => host.files.write(path, content, { mode });

describe('restore', () => {
  it('gives back content, permissions and absence, and says what it did', async () => {
    await host.put('/usr/bin/kubelet', 'old');
    await chmod(join(host.root, '/usr/bin/kubelet'), 0o4711);
    await host.put('/etc/removed', 'removed');
    await mkdir(join(host.root, '/var'));
    const before = await tree();
    await journal.save('/usr/bin/kubelet', CHANGE);
    await write('/usr/bin/kubelet', 'new', 0o755);
    await journal.save('/etc/removed', { what: '/etc/removed' });
    await host.files.remove('/etc/removed');
    await journal.save('/etc/a/b/new', { what: '/etc/a/b/new', to: 'present' });
    await write('/etc/a/b/new', 'new');
    expect(await undo()).toEqual({
      problems: [],
      changes: [
        { what: '/etc/a/b/new', from: 'present', to: 'absent' },
        { what: '/etc/removed', to: 'as before', sha256: await host.files.sha256('/etc/removed') },
        {
          what: 'kubelet',
          from: 'v1.34.3',
          to: 'v1.33.7',
          sha256: await host.files.sha256('/usr/bin/kubelet'),
        },
      ],
    });
    expect(await tree()).toEqual(before);
  });

  it('may be repeated, and does nothing then', async () => {
    await host.put('/usr/bin/kubelet', 'old');
    await journal.save('/usr/bin/kubelet', CHANGE);
    await write('/usr/bin/kubelet', 'new');
    expect((await undo()).changes).toHaveLength(1);
    expect(await undo()).toEqual({ changes: [], problems: [] });
  });

  it('puts back what has only other permissions now', async () => {
    await host.put('/etc/file', 'same', 0o600);
    await journal.save('/etc/file', { what: '/etc/file' });
    await write('/etc/file', 'same', 0o644);
    await undo();
    expect(await host.files.status('/etc/file')).toMatchObject({ mode: 0o600 });
  });

  it('leaves a new folder into which somebody else has put something', async () => {
    await journal.save('/etc/a/new', { what: '/etc/a/new' });
    await write('/etc/a/new', 'ours');
    await host.put('/etc/a/theirs', 'theirs');
    await undo();
    expect(await host.files.list('/etc/a')).toEqual(['theirs']);
  });

  it('goes on after what cannot be put back', async () => {
    for (const path of ['/etc/one', '/etc/two']) {
      await host.put(path, 'old');
      await journal.save(path, { what: path });
      await write(path, 'new');
    }
    await host.put(`${FOLDER}/1`, 'rotten');
    const { changes, problems } = await undo();
    expect(changes).toMatchObject([{ what: '/etc/one' }]);
    expect(problems).toEqual([expect.stringMatching(/undo\/kubelet\/1: sha256: got .*, expected /)]);
    expect(await readFile(join(host.root, '/etc/two'), 'utf8')).toBe('new');
  });

  it('removes no folder that has taken the place of a file', async () => {
    await journal.save('/etc/new', { what: '/etc/new' });
    await host.put('/etc/new/theirs', 'theirs');
    expect((await undo()).problems).toEqual(['/etc/new: is a folder now, left as it is']);
  });

  it('does not take a broken journal for an empty one', async () => {
    await host.put(`${FOLDER}/undo.json`, '{"version":1');
    const message = `${FOLDER}/undo.json: is no undo journal of this version`;
    await expect(undo()).rejects.toMatchObject({ reason: 'Failed', message });
    await expect(journal.save('/etc/passwd', { what: 'x' })).rejects.toMatchObject({ message });
    await expect(hasUndo(host, OPERATION, STEP)).rejects.toMatchObject({ message });
  });
});

describe('save', () => {
  it('keeps the first state of a path, by whatever name it is called', async () => {
    await host.put('/opt/tool', 'first');
    await symlink('/opt', join(host.root, '/usr'));
    await journal.save('/usr/tool', { what: 'tool' });
    await write('/usr/tool', 'second');
    await openUndo(host, OPERATION, STEP).save('/opt//tool', { what: 'tool' });
    await journal.save('/usr/new', { what: 'new' });
    await write('/usr/new', 'second');
    await journal.save('/opt/new', { what: 'new' });
    expect(await host.files.list(FOLDER)).toEqual(['0', 'undo.json']);
    await undo();
    expect(await host.files.list('/opt')).toEqual(['tool']);
    expect(await readFile(join(host.root, '/opt/tool'), 'utf8')).toBe('first');
  });

  it('that was killed before the entry is done again', async () => {
    await host.put('/etc/file', 'old');
    await host.put(`${FOLDER}/0`, 'half');
    await journal.save('/etc/file', { what: '/etc/file' });
    await write('/etc/file', 'new');
    await undo();
    expect(await readFile(join(host.root, '/etc/file'), 'utf8')).toBe('old');
  });

  it('copies no file but the one that is to be changed, for root only', async () => {
    await host.put('/etc/file', 'secret', 0o644);
    await journal.save('/etc/file', { what: '/etc/file' });
    await journal.save('/etc/new', { what: '/etc/new' });
    expect(await host.files.list(FOLDER)).toEqual(['0', 'undo.json']);
    for (const name of ['0', 'undo.json']) {
      expect(await host.files.status(`${FOLDER}/${name}`)).toMatchObject({ mode: 0o600 });
    }
  });

  it.each([
    ['a folder', '/etc', '/etc: is a folder, expected a file'],
    ['a link to nothing', '/dangling', '/dangling: is a link, expected a file'],
  ])('refuses %s', async (_what, path, message) => {
    await symlink('/nothing', join(host.root, '/dangling'));
    await expect(journal.save(path, { what: path })).rejects.toMatchObject({ reason: 'Failed', message });
    expect(await hasUndo(host, OPERATION, STEP)).toBe(false);
  });
});

describe('a journal', () => {
  it('is of one operation and step, and is there from its beginning until it is dropped', async () => {
    expect(await hasUndo(host, OPERATION, STEP)).toBe(false);
    await journal.begin();
    expect(await hasUndo(host, OPERATION, STEP)).toBe(true);
    await journal.save('/etc/new', { what: '/etc/new' });
    await journal.begin();
    await write('/etc/new', 'new');
    expect([await hasUndo(host, 'edge-2', STEP), await hasUndo(host, OPERATION, 'cni')]).toEqual([
      false,
      false,
    ]);
    expect(await restore(host, 'edge-2', STEP)).toEqual({ changes: [], problems: [] });
    await drop(host, OPERATION, STEP);
    expect(await hasUndo(host, OPERATION, STEP)).toBe(false);
    expect((await undo()).changes).toEqual([]);
    expect(await host.files.status('/etc/new')).toBeDefined();
  });

  it('tells the changes that are in effect', async () => {
    await host.put('/usr/bin/kubelet', 'old');
    await journal.save('/usr/bin/kubelet', CHANGE);
    await journal.save('/etc/never-written', { what: '/etc/never-written' });
    await write('/usr/bin/kubelet', 'new');
    const sha256 = await host.files.sha256('/usr/bin/kubelet');
    expect(await journal.changes()).toEqual([{ ...CHANGE, sha256 }]);
  });
});
