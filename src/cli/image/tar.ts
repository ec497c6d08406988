// Tar as layers and OCI archives need it: ustar headers, and pax records for what does not fit in them. Pure.
import { refusal } from './refusal.ts';
import type { TreeEntry } from './tree.ts';

export const BLOCK = 512;
/** Of a path or of the target of a link, in bytes. */
const MAX_NAME = 100;
const TYPES = { file: '0', link: '2', folder: '5', pax: 'x' } as const;

interface Header {
  name: string;
  type: keyof typeof TYPES;
  mode: number;
  size: number;
  linkTo?: string;
}

/** All that is before the content of an entry. */
export function tarEntryHead(entry: TreeEntry): Buffer {
  const name = entry.kind === 'folder' ? `${entry.path}/` : entry.path;
  const linkTo = entry.kind === 'link' ? entry.to : '';
  const header: Header = {
    name,
    type: entry.kind,
    mode: entry.kind === 'link' ? 0o777 : entry.mode,
    size: entry.kind === 'file' ? fileSize(entry) : 0,
    linkTo,
  };
  const records = [paxRecord('path', name), paxRecord('linkpath', linkTo)].join('');
  return Buffer.concat([...(records === '' ? [] : [paxEntry(records)]), tarHeader(header)]);
}

export function fileSize(entry: Extract<TreeEntry, { kind: 'file' }>): number {
  return 'from' in entry ? entry.size : entry.content.length;
}

/** Root owns it; its time is the beginning of 1970. A longer name is cut: its pax record counts. */
export function tarHeader({ name, type, mode, size, linkTo = '' }: Header): Buffer {
  const header = Buffer.alloc(BLOCK);
  const put = (at: number, length: number, value: string): void => {
    Buffer.from(value).copy(header, at, 0, length);
  };
  put(0, MAX_NAME, name);
  put(100, 8, octal(mode, 7));
  put(108, 8, octal(0, 7));
  put(116, 8, octal(0, 7));
  put(124, 12, octal(size, 11));
  put(136, 12, octal(0, 11));
  put(148, 8, ' '.repeat(8));
  put(156, 1, TYPES[type]);
  put(157, MAX_NAME, linkTo);
  put(257, 8, 'ustar\u000000');
  put(148, 8, `${octal(checksum(header), 6)}\0 `);
  return header;
}

/** Zeros that fill the last block of a content. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

export const TAR_END = Buffer.alloc(2 * BLOCK);

/** What a header says; undefined for the zeros at the end. Errors: BadInput for what is no header. */
export function readTarHeader(
  header: Buffer,
  source: string,
): { name: string; size: number; isFile: boolean } | undefined {
  if (header.every((byte) => byte === 0)) return undefined;
  const text = (at: number, length: number): string => {
    const field = header.subarray(at, at + length);
    const end = field.indexOf(0);
    return field.toString('utf8', 0, end === -1 ? length : end);
  };
  const size = sizeIn(header.subarray(124, 136));
  const copy = Buffer.from(header).fill(' ', 148, 156);
  if (parseInt(text(148, 8), 8) !== checksum(copy) || !Number.isSafeInteger(size)) {
    throw refusal(`${source}: got something else, expected an uncompressed tar file`);
  }
  const isUstar = text(257, 6) === 'ustar';
  const prefix = isUstar ? text(345, 155) : '';
  const name = `${prefix === '' ? '' : `${prefix}/`}${text(0, MAX_NAME)}`.replace(/^(?:\.?\/)+/, '');
  return { name, size, isFile: ['0', ''].includes(text(156, 1)) };
}

/** Octal digits, or for large files a binary number. */
function sizeIn(field: Buffer): number {
  if ((field[0] ?? 0) & 0x80) return Number(field.readBigUInt64BE(4));
  return parseInt(field.toString('latin1').replace(/[\0 ]+$/, '') || '0', 8);
}

function paxRecord(key: string, value: string): string {
  if (Buffer.byteLength(value) <= MAX_NAME) return '';
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  // The length counts its own digits.
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function paxEntry(records: string): Buffer {
  const content = Buffer.from(records);
  const header = tarHeader({ name: 'pax', type: 'pax', mode: 0o644, size: content.length });
  return Buffer.concat([header, content, tarPadding(content.length)]);
}

function octal(value: number, digits: number): string {
  const text = value.toString(8).padStart(digits, '0');
  if (text.length > digits) {
    throw refusal(`size of a file: got ${value} bytes, expected less than 8 GiB`);
  }
  return text;
}

function checksum(header: Buffer): number {
  return header.reduce((sum, byte) => sum + byte, 0);
}
