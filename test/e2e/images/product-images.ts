// Refit's own images, made as docs/images.md says.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import packageJson from '../../../package.json' with { type: 'json' };
import { tool } from '../../tools/build.ts';
import { recipe } from '../../tools/catalog.ts';
import type { ImageRecipe } from './image-recipe.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = ['src/**/*.ts', 'scripts/bundle.ts', 'package.json', 'package-lock.json'];
const UPGRADER = 'refit.test/upgrader';

/** The server, and an upgrader for each Kubernetes. They are imported by digest only, as on nodes without a registry. */
export async function productImages(): Promise<ImageRecipe[]> {
  const bundle = bundleOnce();
  const inputs = sourcesDigest();
  const refit: ImageRecipe = {
    name: 'refit.test/refit',
    tag: packageJson.version,
    sources: [process.execPath],
    inputs,
    make: async (archive) => {
      await bundle();
      return refitImage(archive, 'refit', 'refit.test/refit', []);
    },
  };
  return [refit, await upgrader('-1.33', inputs, bundle), await upgrader('', inputs, bundle)];
}

async function upgrader(suffix: string, inputs: string, bundle: () => Promise<void>): Promise<ImageRecipe> {
  const programs: [string, string][] = [];
  for (const name of ['kubeadm', 'kubectl', 'kubelet']) programs.push([name, await tool(`${name}${suffix}`)]);
  const { version } = recipe(`kubeadm${suffix}`);
  return {
    name: UPGRADER,
    tag: version,
    sources: [process.execPath, ...programs.map(([, file]) => file)],
    inputs,
    make: async (archive) => {
      await bundle();
      const components = mkdtempSync(path.join(tmpdir(), 'refit-components-'));
      try {
        for (const [name, file] of programs) symlinkSync(file, path.join(components, name));
        const flags = ['--kubernetes', version, '--components', components];
        return await refitImage(archive, 'upgrader', UPGRADER, flags);
      } finally {
        rmSync(components, { recursive: true, force: true });
      }
    },
  };
}

/** By the command that users run. */
async function refitImage(archive: string, kind: string, name: string, flags: string[]): Promise<string> {
  const argv = ['bundle/refit.js', 'image', kind, '--name', name, '--output', archive, ...flags];
  const { stdout } = await runNode(argv);
  const digest = new RegExp(`${name}@(sha256:[0-9a-f]{64})`).exec(stdout)?.[1];
  if (digest === undefined)
    throw new Error(`refit image ${kind}: got ${stdout}, expected ${name}@sha256:...`);
  return digest;
}

function bundleOnce(): () => Promise<void> {
  let made: Promise<unknown> | undefined;
  return async () => {
    made ??= runNode(['scripts/bundle.ts']);
    await made;
  };
}

function runNode(argv: string[]) {
  return promisify(execFile)(process.execPath, argv, { cwd: project });
}

function sourcesDigest(): string {
  const digest = createHash('sha256');
  for (const file of globSync(SOURCES, { cwd: project }).sort()) {
    digest.update(`\n${file}\n`).update(readFileSync(path.join(project, file)));
  }
  return digest.digest('hex');
}
