// What a command prints, bounded: a step must not grow with it.
import { StringDecoder } from 'node:string_decoder';
import type { Argv } from './host.ts';

/** Longer ones (progress bars) are cut into pieces. */
const MAX_LINE = 16 * 1024;
const MAX_COMMAND = 200;

/** Keeps the end of what is pushed. */
export function keepEnd(limit: number): { push(chunk: Buffer): void; text(): string } {
  let chunks: Buffer[] = [];
  let size = 0;
  const end = (): Buffer => Buffer.concat(chunks).subarray(-limit);
  return {
    push(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= 2 * limit) return;
      // A copy: a view would keep all of it in memory.
      chunks = [Buffer.from(end())];
      size = limit;
    },
    text: () => end().toString('utf8'),
  };
}

/** Calls `onLine` for each line without its end; what has no end follows with `finish`. */
export function splitLines(onLine: (line: string) => void): { push(chunk: Buffer): void; finish(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(chunk) {
      const lines = (rest + decoder.write(chunk)).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      if (rest.length < MAX_LINE) return;
      onLine(rest);
      rest = '';
    },
    finish() {
      const last = rest + decoder.end();
      if (last !== '') onLine(last);
      rest = '';
    },
  };
}

/** The last lines that have something in them, in one line of at most so many characters. */
export function lastLines(output: string, length: number): string {
  const lines = output
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const text = lines.join(' | ');
  return text.length <= length ? text : `...${text.slice(3 - length)}`;
}

/** A command as people write it, cut. */
export function commandLine(argv: Argv): string {
  const text = argv.join(' ');
  return text.length <= MAX_COMMAND ? text : `${text.slice(0, MAX_COMMAND - 3)}...`;
}
