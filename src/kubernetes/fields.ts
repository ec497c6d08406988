export { at, list, text, texts } from '../api/fields.ts';

/** At most so many characters. A copy: V8's own slice would keep the whole text in memory. */
export function cut(value: string, length: number): string {
  return value.length <= length ? value : Buffer.from(`${value.slice(0, length - 3)}...`).toString();
}
