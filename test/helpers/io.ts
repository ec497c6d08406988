import type { Io } from '../../src/cli/io.ts';

/** Collects what a command prints; files come from a map. */
export function fakeIo(
  files: Readonly<Record<string, string>> = {},
): Io & { stdout: () => string; stderr: () => string } {
  const written = { out: '', err: '' };
  return {
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    isTerminal: false,
    hasColour: false,
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
    stdout: () => written.out,
    stderr: () => written.err,
  };
}
