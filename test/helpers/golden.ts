import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { stringify } from 'yaml';

export const GOLDEN_FOLDER = fileURLToPath(new URL('../golden/', import.meta.url));

/**
 * The text is what `test/golden/<path>` holds. `UPDATE_GOLDEN=1` writes the file instead: review it as the product.
 * A missing file fails.
 */
export function expectGolden(path: string, text: string): void {
  const file = `${GOLDEN_FOLDER}${path}`;
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}

/** Documents of one file, keys in the order in which the code gives them. */
export function toYaml(...documents: readonly unknown[]): string {
  return documents
    .map((document) => stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }))
    .join('---\n');
}
