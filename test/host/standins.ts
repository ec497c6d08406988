// Components of a node, played by one small Go program (standin/), and releases made of them.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  componentsSchema,
  COMPONENTS_FILE,
  type Component,
  type Components,
} from '../../src/api/components.ts';
import { cacheRoot } from '../tools/build.ts';

const sources = fileURLToPath(new URL('standin', import.meta.url));

const FILES: Readonly<Record<Component, readonly string[]>> = {
  kubernetes: ['kubeadm', 'kubelet', 'kubectl'],
  containerd: ['containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'],
  cni: ['bridge', 'loopback'],
};

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
/** e_machine of the other architecture, at byte 18 of an ELF file. */
const FOREIGN_MACHINE = architecture === 'arm64' ? 0x3e : 0xb7;

export interface Versions {
  kubernetes: string;
  containerd: string;
  cni: string;
  /** Components that end at once when their service starts. */
  broken?: readonly Component[];
  /** `other`: the binaries are for another architecture than this one. */
  machine?: 'other';
}

/** The path of the program that plays a component in a version; built once per machine. */
export function standin(name: string, version: string, isBroken = false): string {
  const source = readFileSync(path.join(sources, 'main.go'));
  const digest = createHash('sha256').update(source).digest('hex').slice(0, 12);
  const folder = path.join(cacheRoot(), `standin-${digest}`);
  const file = path.join(folder, [name, version, isBroken && 'broken'].filter(Boolean).join('-'));
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const stamps = `-s -w -X main.name=${name} -X main.version=${version} -X main.broken=${isBroken ? 'start' : ''}`;
  const temporary = `${file}.${process.pid}`;
  execFileSync('go', ['build', '-trimpath', '-buildvcs=false', '-ldflags', stamps, '-o', temporary, '.'], {
    cwd: sources,
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: '',
      GOWORK: 'off',
    },
  });
  renameSync(temporary, file);
  return file;
}

/** Name of a component's file -> the program that plays it. */
export function standins(versions: Versions): { component: Component; name: string; file: string }[] {
  return (['kubernetes', 'containerd', 'cni'] as const).flatMap((component) =>
    FILES[component].map((name) => ({
      component,
      name,
      file: standin(name, versions[component], versions.broken?.includes(component)),
    })),
  );
}

/** Lays out a release as an upgrader image holds it. */
export function makeRelease(folder: string, versions: Versions): void {
  const files = standins(versions).map(({ component, name, file }) => {
    mkdirSync(path.join(folder, component), { recursive: true });
    const content = readFileSync(file);
    if (versions.machine === 'other') content.writeUInt16LE(FOREIGN_MACHINE, 18);
    writeFileSync(path.join(folder, component, name), content, { mode: 0o755 });
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { component, name, size: content.length, sha256 };
  });
  const components: Components = componentsSchema.parse({
    version: 1,
    architecture,
    kubernetes: versions.kubernetes,
    containerd: versions.containerd,
    cni: versions.cni,
    files,
  });
  writeFileSync(path.join(folder, COMPONENTS_FILE), JSON.stringify(components));
}
