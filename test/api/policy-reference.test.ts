import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { policyJsonSchema, SCHEMA_FILE, withPolicyTable } from '../../scripts/policy-reference.ts';
import { parsePolicy } from '../../src/api/policy.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

describe('what is made from the policy (npm run policy)', () => {
  it('is the JSON schema', () => {
    expect(read(SCHEMA_FILE)).toBe(policyJsonSchema());
  });

  it('is the table in the README', () => {
    expect(read('README.md')).toBe(withPolicyTable(read('README.md')));
  });

  it('needs its marks', () => {
    expect(() => withPolicyTable('# Refit')).toThrow('README.md: expected <!-- policy table');
  });
});

describe('the JSON schema', () => {
  const validate = new Ajv2020({ allErrors: true, validateFormats: false }).compile(
    JSON.parse(policyJsonSchema()) as object,
  );
  const image = `registry.example.com/upgrader@sha256:${'a'.repeat(64)}`;

  it.each([
    [{}],
    [{ onUncovered: 'replace', timeouts: { drain: 3600 }, settleSeconds: 0.5 }],
    [{ imageMap: { 'v1.34.3': { kubernetes: 'v1.34.3', containerd: '2.1.4', image } } }],
  ])('takes %j, as the server does', (policy) => {
    expect(validate(policy)).toBe(true);
    expect(() => parsePolicy(policy)).not.toThrow();
  });

  it.each([
    [{ surprise: 1 }],
    [{ timeouts: { drain: 0 } }],
    [{ workers: { concurrency: '2' } }],
    [{ claims: { files: ['etc/'] } }],
    [{ imageMap: { 'v1.34.3': { kubernetes: '1.34.3', image } } }],
    [{ imageMap: { 'v1.34.3': { kubernetes: 'v1.34.3', image: 'upgrader:latest' } } }],
  ])('refuses %j, as the server does', (policy) => {
    expect(validate(policy)).toBe(false);
    expect(() => parsePolicy(policy)).toThrow('policy');
  });
});
