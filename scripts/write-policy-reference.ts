// `npm run policy`: writes what is made from the schema of the policy.
import { readFileSync, writeFileSync } from 'node:fs';
import { policyJsonSchema, SCHEMA_FILE, withPolicyTable } from './policy-reference.ts';

const file = (name: string): URL => new URL(`../${name}`, import.meta.url);

writeFileSync(file(SCHEMA_FILE), policyJsonSchema());
writeFileSync(file('README.md'), withPolicyTable(readFileSync(file('README.md'), 'utf8')));
