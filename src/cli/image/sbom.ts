// What is in an image, as CycloneDX 1.6 JSON. Pure: no time and no random number, so that the same image has the same one.
import { z } from 'zod';
import type { Components } from '../../api/components.ts';
import type { Package, SystemContents, SystemFile } from './packages.ts';

export const SBOM_FILE = 'usr/share/sbom/refit.cdx.json';

export interface ImageContents {
  /** Of the image. */
  name: string;
  /** Of Refit. */
  version: string;
  /** package-lock.json, parsed. */
  lockfile: unknown;
  node: { version: string; sha256: string };
  system: SystemContents;
  components?: Components;
}

interface CdxComponent {
  type: 'application' | 'container' | 'file' | 'library' | 'platform';
  'bom-ref': string;
  name: string;
  group?: string;
  version?: string;
  hashes?: { alg: 'SHA-256' | 'SHA-512'; content: string }[];
  licenses?: [{ expression: string }];
  cpe?: string;
  purl?: string;
  components?: CdxComponent[];
}

const lockfileSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
    }),
  ),
});
type LockedPackage = z.infer<typeof lockfileSchema>['packages'][string];

/** Errors: ZodError for what is no lockfile. */
export function sbom({ name, version, lockfile, node, system, components }: ImageContents) {
  const { distribution } = system;
  const all = [
    nodeComponent(node),
    ...npmComponents(lockfile),
    ...system.packages.map((of) => packageComponent(of, distribution)),
    ...system.files.map(fileComponent),
    ...(components === undefined ? [] : binaryComponents(components)),
  ];
  const byReference = new Map(all.map((component) => [component['bom-ref'], component]));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', 'bom-ref': name, name, version } satisfies CdxComponent },
    components: [...byReference].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, component]) => component),
  };
}

function nodeComponent({ version, sha256 }: ImageContents['node']): CdxComponent {
  const purl = `pkg:generic/node@${version}`;
  return {
    type: 'platform',
    'bom-ref': purl,
    name: 'node',
    version,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl,
  };
}

/** Without those that are only for development. The program is bundled from them. */
function npmComponents(lockfile: unknown): CdxComponent[] {
  return Object.entries(lockfileSchema.parse(lockfile).packages)
    .filter(([folder, { dev }]) => folder !== '' && dev !== true)
    .map(([folder, locked]) => npmComponent(locked.name ?? folder.replace(/^.*node_modules\//, ''), locked));
}

function npmComponent(fullName: string, { version, license, integrity }: LockedPackage): CdxComponent {
  const [, group, name = fullName] = /^(@[^/]+)\/(.+)$/.exec(fullName) ?? [];
  const at = version === undefined ? '' : `@${version}`;
  const purl = `pkg:npm/${group === undefined ? '' : `${encodeURIComponent(group)}/`}${name}${at}`;
  const sha512 = /^sha512-(\S+)$/.exec(integrity ?? '')?.[1];
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group !== undefined && { group }),
    name,
    ...(version !== undefined && { version }),
    ...(sha512 !== undefined && {
      hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }],
    }),
    ...(license !== undefined && { licenses: [{ expression: license }] }),
    purl,
  };
}

function packageComponent(
  of: Package,
  { id, version: release }: SystemContents['distribution'],
): CdxComponent {
  const { name, version, architecture, files } = of;
  const purl =
    `pkg:deb/${id}/${encodeURIComponent(name)}@${encodeURIComponent(version)}` +
    `?arch=${architecture}&distro=${id}-${release}`;
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(files !== undefined && { components: files.map(fileComponent) }),
  };
}

function fileComponent({ path, sha256 }: SystemFile): CdxComponent {
  return { type: 'file', 'bom-ref': path, name: path, hashes: [{ alg: 'SHA-256', content: sha256 }] };
}

function binaryComponents(components: Components): CdxComponent[] {
  return components.files.map(({ component, name, sha256 }) => {
    const version = components[component];
    return {
      type: 'application',
      'bom-ref': `${component}/${name}`,
      group: component,
      name,
      // runc comes with containerd, but its version is its own.
      ...(version !== undefined && name !== 'runc' && { version, purl: goPackage(component, version) }),
      hashes: [{ alg: 'SHA-256', content: sha256 }],
    };
  });
}

/** By which the known vulnerabilities of a program are found. */
function goPackage(component: Components['files'][number]['component'], version: string): string {
  const bare = version.replace(/^v/, '');
  const containerd = `github.com/containerd/containerd${/^[01]\./.test(bare) ? '' : `/v${bare.split('.')[0]}`}`;
  const module = {
    kubernetes: 'k8s.io/kubernetes',
    containerd,
    cni: 'github.com/containernetworking/plugins',
  }[component];
  return `pkg:golang/${module}@v${bare}`;
}
