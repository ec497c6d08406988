import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from '@jest/globals';
import lockfile from '../../../package-lock.json' with { type: 'json' };
import packageJson from '../../../package.json' with { type: 'json' };
import type { Components } from '../../../src/api/components.ts';
import { sbom, type ImageContents } from '../../../src/cli/image/sbom.ts';

/** The parts of CycloneDX 1.6 that are used, closed. */
const SCHEMA = {
  $defs: {
    component: {
      type: 'object',
      required: ['type', 'name', 'bom-ref'],
      additionalProperties: false,
      properties: {
        type: { enum: ['application', 'container', 'file', 'library', 'platform'] },
        'bom-ref': { type: 'string', minLength: 1 },
        group: { type: 'string' },
        name: { type: 'string', minLength: 1 },
        version: { type: 'string', minLength: 1, maxLength: 1024 },
        hashes: {
          type: 'array',
          items: {
            oneOf: [
              { properties: { alg: { const: 'SHA-256' }, content: { pattern: '^[0-9a-f]{64}$' } } },
              { properties: { alg: { const: 'SHA-512' }, content: { pattern: '^[0-9a-f]{128}$' } } },
            ],
            required: ['alg', 'content'],
          },
        },
        licenses: {
          type: 'array',
          maxItems: 1,
          items: { type: 'object', required: ['expression'], additionalProperties: { type: 'string' } },
        },
        cpe: { type: 'string', pattern: '^cpe:2\\.3:a(:[^:\\s]+){10}$' },
        purl: { type: 'string', pattern: '^pkg:[a-z]+/[^\\s+]+$' },
        components: { type: 'array', uniqueItems: true, items: { $ref: '#/$defs/component' } },
      },
    },
  },
  type: 'object',
  required: ['bomFormat', 'specVersion', 'version', 'metadata', 'components'],
  additionalProperties: false,
  properties: {
    $schema: { const: 'http://cyclonedx.org/schema/bom-1.6.schema.json' },
    bomFormat: { const: 'CycloneDX' },
    specVersion: { const: '1.6' },
    version: { type: 'integer', minimum: 1 },
    metadata: {
      type: 'object',
      required: ['component'],
      properties: { component: { $ref: '#/$defs/component' } },
    },
    components: { type: 'array', uniqueItems: true, items: { $ref: '#/$defs/component' } },
  },
};
const validate = new Ajv2020({ allErrors: true, strict: false }).compile(SCHEMA);

const sha256 = 'a'.repeat(64);
const components: Components = {
  version: 1,
  architecture: 'amd64',
  kubernetes: 'v1.34.4',
  containerd: '2.1.4',
  cni: '1.8.0',
  files: [
    { component: 'kubernetes', name: 'kubelet', size: 1, sha256 },
    { component: 'containerd', name: 'containerd', size: 1, sha256 },
    { component: 'containerd', name: 'runc', size: 1, sha256 },
    { component: 'cni', name: 'loopback', size: 1, sha256 },
  ],
};
const contents: ImageContents = {
  name: 'refit-upgrader',
  version: '0.1.0',
  lockfile,
  node: { version: '24.21.0', sha256 },
  system: {
    distribution: { id: 'debian', version: '12' },
    packages: [
      {
        name: 'libstdc++6',
        version: '12.2.0-14+deb12u1',
        architecture: 'amd64',
        files: [{ path: '/lib/x.so', sha256 }],
      },
    ],
    files: [{ path: '/lib64/own.so', sha256 }],
  },
  components,
};
const bom = sbom(contents);
const find = (reference: string) => bom.components.find((component) => component['bom-ref'] === reference);

describe('an SBOM', () => {
  it('is CycloneDX 1.6', () => {
    validate(JSON.parse(JSON.stringify(bom)));
    expect(validate.errors).toBeNull();
    expect(bom.metadata.component).toMatchObject({
      type: 'container',
      name: 'refit-upgrader',
      version: '0.1.0',
    });
  });

  it('names each thing once', () => {
    const references = bom.components.map((component) => component['bom-ref']);
    expect(new Set(references).size).toBe(references.length);
  });

  it('lists every dependency of package.json, and nothing for development only', () => {
    const npm = bom.components.filter(({ purl }) => purl?.startsWith('pkg:npm/'));
    const names = npm.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    expect(names).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)));
    for (const name of ['eslint', 'jest', 'node', 'typescript']) expect(names).not.toContain(name);
  });

  it.each([
    [
      'pkg:npm/%40kubernetes/client-node@2.0.1',
      {
        type: 'library',
        group: '@kubernetes',
        name: 'client-node',
        licenses: [{ expression: 'Apache-2.0' }],
        hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }],
      },
    ],
    ['pkg:generic/node@24.21.0', { type: 'platform', hashes: [{ alg: 'SHA-256', content: sha256 }] }],
    [
      'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12',
      {
        name: 'libstdc++6',
        components: [{ type: 'file', name: '/lib/x.so', hashes: [{ content: sha256 }] }],
      },
    ],
    ['/lib64/own.so', { type: 'file' }],
    ['kubernetes/kubelet', { version: 'v1.34.4', purl: 'pkg:golang/k8s.io/kubernetes@v1.34.4' }],
    ['containerd/containerd', { purl: 'pkg:golang/github.com/containerd/containerd/v2@v2.1.4' }],
    ['cni/loopback', { purl: 'pkg:golang/github.com/containernetworking/plugins@v1.8.0' }],
  ])('tells of %s', (reference, expected) => expect(find(reference)).toMatchObject(expected));

  it('gives runc no version: it is not that of containerd', () => {
    expect(find('containerd/runc')).not.toHaveProperty('version');
  });

  it('knows the modules of containerd before version 2', () => {
    const old = sbom({ ...contents, components: { ...components, containerd: 'v1.7.28' } });
    const purls = old.components.map(({ purl }) => purl);
    expect(purls).toContain('pkg:golang/github.com/containerd/containerd@v1.7.28');
  });

  it('holds what package-lock.json does, and no more', () => {
    const packages = {
      '': { version: '1.0.0' },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-AAAA', license: '(MIT OR Apache-2.0)' },
      'node_modules/b': { version: '1.0.0', dev: true },
      'node_modules/a/node_modules/c': { name: '@real/c', version: '2.0.0', inBundle: true },
      'node_modules/d/node_modules/a': { version: '1.0.0' },
    };
    const small = sbom({ ...contents, lockfile: { packages } });
    expect(small.components.map(({ purl }) => purl).filter((purl) => purl?.startsWith('pkg:npm/'))).toEqual([
      'pkg:npm/%40real/c@2.0.0',
      'pkg:npm/a@1.0.0',
    ]);
  });
});
