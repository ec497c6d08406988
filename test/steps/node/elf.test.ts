import { open } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { elfArchitecture } from '../../../src/steps/node/elf.ts';

/** Class, data, machine. */
const head = (bits: number, order: number, machine: number, length = 20): Uint8Array => {
  const bytes = new Uint8Array(20);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits, order, 1]);
  bytes.set([2, 0, machine & 0xff, machine >> 8], 16);
  return bytes.slice(0, length);
};

describe('the head of a program', () => {
  it.each([
    ['amd64', head(2, 1, 62), 'amd64'],
    ['arm64', head(2, 1, 183), 'arm64'],
    ['32 bits', head(1, 1, 3), undefined],
    ['big-endian', head(2, 2, 183), undefined],
    ['riscv64', head(2, 1, 243), undefined],
    ['cut', head(2, 1, 62, 19), undefined],
    ['a script', Buffer.from('#!/bin/sh\nexec kubelet "$@"\n'), undefined],
    ['nothing', new Uint8Array(), undefined],
  ])('%s', (_, bytes, expected) => expect(elfArchitecture(bytes)).toBe(expected));

  it('of the program that runs this', async () => {
    const file = await open('/proc/self/exe');
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
    await file.close();
    expect(elfArchitecture(buffer)).toBe({ x64: 'amd64', arm64: 'arm64' }[process.arch as string]);
  });
});
