// What is made from the schema of the policy: its JSON schema, and the table in README.md.
import { z } from 'zod';
import { policySchema } from '../src/api/policy.ts';

export const SCHEMA_FILE = 'docs/policy.schema.json';
const TITLE = 'Policy of Refit';
const [BEGIN, END] = ['<!-- policy table: npm run policy -->', '<!-- end of the policy table -->'];

interface Property {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, Property>;
}

export function policyJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(policySchema, { io: 'input' });
  return `${JSON.stringify({ $schema, title: TITLE, ...schema }, null, 2)}\n`;
}

/** The text with the table between its two marks. Errors: marks that are not there. */
export function withPolicyTable(readme: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md: expected ${BEGIN} and ${END} in it`);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${policyTable()}\n\n${readme.slice(end)}`;
}

function policyTable(): string {
  const schema = z.toJSONSchema(policySchema, { io: 'input' }) as Property;
  const rows = [['key', 'default', 'meaning'], ...rowsOf(schema.properties ?? {}, '')];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(['', '', ''], '-'), ...body.map((row) => line(row))].join('\n');
}

function rowsOf(properties: Record<string, Property>, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, property]) => {
    if (name === 'timeouts') return [timeoutsRow(property)];
    if (property.properties !== undefined) return rowsOf(property.properties, `${prefix}${name}.`);
    return [[`\`${prefix}${name}\``, defaultOf(property), property.description ?? '']];
  });
}

/** A row for each step would be half of the table. */
function timeoutsRow({ properties = {}, description = '' }: Property): string[] {
  const seconds = Object.values(properties).map(({ default: value }) => Number(value));
  return ['`timeouts.<step>`', `${Math.min(...seconds)} to ${Math.max(...seconds)}, by step`, description];
}

function defaultOf({ default: value }: Property): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.map((item) => `\`${String(item)}\``).join(', ');
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' || typeof value === 'boolean' ? `\`${value}\`` : 'none';
}
