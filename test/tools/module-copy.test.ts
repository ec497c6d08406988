import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { moduleCopy } from './module-copy.ts';

const links = { module: 'example.com/m', files: { 'os/signal_linux.go': 'signal_darwin.go' } };

let temporary = '';
beforeEach(() => {
  temporary = mkdtempSync(path.join(tmpdir(), 'refit-tools-'));
  for (const folder of ['family', 'sources/os', 'to']) {
    mkdirSync(path.join(temporary, folder), { recursive: true });
  }
  writeFileSync(at('family/go.mod'), 'module example.com/family\n');
  writeFileSync(at('family/go.sum'), 'sums\n');
  writeFileSync(at('sources/go.mod'), 'module example.com/m\n');
  writeFileSync(at('sources/os/signal_darwin.go'), 'package os\n');
  chmodSync(at('sources/os/signal_darwin.go'), 0o444);
});
afterEach(() => {
  rmSync(temporary, { recursive: true, force: true });
});

const at = (file: string): string => path.join(temporary, file);
const text = (file: string): string => readFileSync(at(file), 'utf8');
const copy = () => moduleCopy(at('family'), links, { sources: at('sources'), to: at('to') });

describe('the copy of a module', () => {
  it('has the file that a link points to in its place', () => {
    copy();
    expect(text('to/module/os/signal_linux.go')).toBe('package os\n');
    expect(text('to/module/go.mod')).toBe('module example.com/m\n');
  });

  it('is taken by go instead of the module, and nothing else is changed', () => {
    expect(copy()).toEqual([`-modfile=${at('to/go.mod')}`]);
    expect(text('to/go.mod')).toBe(
      `module example.com/family\n\nreplace example.com/m => ${at('to/module')}\n`,
    );
    expect(text('to/go.sum')).toBe('sums\n');
    expect(text('family/go.mod')).toBe('module example.com/family\n');
  });

  it('can be removed though the module is read-only', () => {
    copy();
    expect(statSync(at('to/module/os/signal_darwin.go')).mode & 0o777).toBe(0o644);
  });

  it('is refused when a link points nowhere', () => {
    rmSync(at('sources/os/signal_darwin.go'));
    expect(copy).toThrow('signal_darwin.go');
  });
});
