// Validates every Argo object in test/golden, dist and docs/examples against Argo's own JSON schema, unknown fields refused.
// usage: node scripts/validate-goldens.ts SCHEMA.json|FOLDER_WITH_SCHEMA (every schema*.json in it is used)
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseAllDocuments } from 'yaml';

interface Schema {
  definitions: Record<string, { properties?: object; additionalProperties?: boolean }>;
}

interface Finding {
  where: string;
  message: string;
}

/** Findings in one document. */
type Validate = (document: { kind: string }, where: string) => Finding[];

/** Argo's schema leaves objects open; closed, a misspelt field is found. */
function validator(file: string): Validate {
  const schema = JSON.parse(readFileSync(file, 'utf8')) as Schema;
  for (const definition of Object.values(schema.definitions)) {
    if (definition.properties) definition.additionalProperties = false;
  }
  // strict: false, for the schema has formats (int32) and keywords that are not JSON schema's.
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(schema, 'argo');
  return ({ kind, ...rest }, where) => {
    const check = ajv.getSchema(`argo#/definitions/io.argoproj.workflow.v1alpha1.${kind}`);
    if (!check) return [{ where, message: `kind ${kind} is not in ${file}` }];
    if (check({ kind, ...rest })) return [];
    return (check.errors ?? []).map(({ instancePath, message, params }) => ({
      where,
      message: `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    }));
  };
}

function argoObjects(root: string): { where: string; document: { kind: string } }[] {
  // Those of recorded requests are answers, not objects.
  const folders = ['charts', 'generators', 'steps'].map((folder) => `test/golden/${folder}/*.yaml`);
  const files = globSync([...folders, 'dist/*.yaml', 'docs/examples/*.yaml'], { cwd: root }).sort();
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(root, file), 'utf8')).flatMap((parsed) => {
      if (parsed.errors.length > 0) throw new Error(`${file}: ${parsed.errors[0]?.message}`);
      const document = parsed.toJS() as { apiVersion: string; kind: string; metadata: { name: string } };
      if (!document.apiVersion.startsWith('argoproj.io/')) return [];
      return [{ where: `${file}: ${document.kind}/${document.metadata.name}`, document }];
    }),
  );
}

function main([path = '']: string[]): number {
  const schemas = path.endsWith('.json') ? [path] : globSync(join(path || '.', 'schema*.json'));
  if (schemas.length === 0) {
    process.stderr.write('usage: node scripts/validate-goldens.ts SCHEMA.json|FOLDER_WITH_SCHEMA\n');
    return 2;
  }
  const objects = argoObjects(fileURLToPath(new URL('..', import.meta.url)));
  const findings = schemas.flatMap((schema) => {
    const validate = validator(schema);
    return objects.flatMap(({ where, document }) => validate(document, where));
  });
  for (const { where, message } of findings) process.stdout.write(`${where}: ${message}\n`);
  process.stderr.write(
    `${objects.length} Argo objects, ${findings.length} findings (${schemas.join(', ')})\n`,
  );
  return findings.length > 0 || objects.length === 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
