import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { desiredFile, leftAlone } from '../../../src/steps/launcher/file-content.ts';

const SECRET = 'do-not-tell';

function contentOf(file: Record<string, string>, content: Buffer | string): string {
  const made = desiredFile({ path: '/etc/x', ...file }, Buffer.from(content));
  return Buffer.from(made.content, 'base64').toString();
}

describe('desiredFile', () => {
  it("has cloud-init's defaults", () => {
    expect(desiredFile({ path: '/etc/x' }, Buffer.from('a\n'))).toEqual({
      path: '/etc/x',
      owner: 'root:root',
      permissions: '0644',
      content: Buffer.from('a\n').toString('base64'),
    });
  });

  it('keeps what is given; a user alone has the group of root', () => {
    const file = { path: '/etc/x', owner: 'etcd', permissions: '600' };
    expect(desiredFile(file, Buffer.from('a'))).toMatchObject({ owner: 'etcd:root', permissions: '600' });
  });

  it.each([
    ['no line end', 'a\nb', 'a\nb\n'],
    ['one', 'a\n', 'a\n'],
    ['several', 'a\n\n\n', 'a\n'],
    ['nothing', '', ''],
  ])('ends plain content with one line end, as its YAML block does: %s', (_name, content, expected) => {
    expect(contentOf({}, content)).toBe(expected);
  });

  it.each([
    ['base64', Buffer.from('a\0b').toString('base64')],
    ['gzip', gzipSync('a\0b')],
    ['gzip+base64', gzipSync('a\0b').toString('base64')],
    ['base64 in lines', `${Buffer.from('a\0b').toString('base64')}\n`],
  ])('is decoded and else untouched: %s', (name, content) => {
    expect(contentOf({ encoding: name.split(' ')[0]! }, content)).toBe('a\0b');
  });

  it.each([
    [
      'base64 that is none',
      { encoding: 'base64' },
      SECRET,
      'files[/etc/x].content: got "11 bytes", expected base64',
    ],
    ['gzip that is none', { encoding: 'gzip' }, SECRET, 'expected gzip'],
    [
      'what unpacks too large',
      { encoding: 'gzip' },
      gzipSync(Buffer.alloc(2e6)),
      'at most 1048576 bytes unpacked',
    ],
    ['another encoding', { encoding: 'rot13' }, SECRET, 'files[/etc/x].encoding: got "rot13"'],
    ['a mode that is none', { permissions: 'u=rw' }, SECRET, 'files[/etc/x].permissions: got "u=rw"'],
  ])('refuses %s without a word of the content', (_name, file, content, message) => {
    let said = '';
    try {
      contentOf(file, content);
    } catch (error) {
      said = String(error);
    }
    expect(said).toContain(message);
    expect(said).not.toContain(SECRET);
  });
});

describe('files that cannot be written on a node that runs', () => {
  it.each([
    ['are appended to', { path: '/etc/x', append: true }, 'appending'],
    ['are templates of Cluster API', { path: '/etc/x', contentFormat: 'Template' }, 'template'],
    ['have no absolute path', { path: 'etc/x' }, 'absolute'],
  ])('%s', (_name, file, reason) => {
    expect(leftAlone(file)).toContain(reason);
  });

  it('others can', () => {
    expect(leftAlone({ path: '/etc/x', append: false, contentFormat: 'Raw' })).toBeUndefined();
  });
});
