import type { z } from 'zod';
import { badInput } from './errors.ts';

type Issue = z.core.$ZodIssue;

/** One text for each bad key: its place below `source`, what was got and what was expected. */
export function policyProblems(error: z.ZodError, value: unknown, source: string): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `${place(source, [...issue.path, key])}: no such key`);
    }
    const got = issue.code === 'invalid_key' ? issue.path.at(-1) : valueAt(value, issue.path);
    return badInput(place(source, issue.path), got, expectation(issue)).message;
  });
}

function place(source: string, path: readonly PropertyKey[]): string {
  return [source, ...path.map(String)].join('.');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (current, key) =>
      typeof current === 'object' && current !== null
        ? (current as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping',
  record: 'a mapping',
  string: 'text',
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map(String).join(' or ');
    case 'too_small':
      return `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'another key';
    default:
      return issue.message;
  }
}
