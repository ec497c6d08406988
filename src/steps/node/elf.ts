// The head of a Linux program.
import type { Components } from '../../api/components.ts';

export const ELF_HEADER_BYTES = 20;

const MACHINES: Readonly<Record<number, Components['architecture']>> = { 62: 'amd64', 183: 'arm64' };

/** For which architecture a program is; undefined: for none that we know, or no program at all. `header`: its first 20 bytes. */
export function elfArchitecture(header: Uint8Array): Components['architecture'] | undefined {
  if (header.length < ELF_HEADER_BYTES) return undefined;
  const isElf = [0x7f, 0x45, 0x4c, 0x46].every((byte, index) => header[index] === byte);
  const is64BitLittleEndian = header[4] === 2 && header[5] === 1;
  if (!isElf || !is64BitLittleEndian) return undefined;
  return MACHINES[new DataView(header.buffer, header.byteOffset).getUint16(18, true)];
}
