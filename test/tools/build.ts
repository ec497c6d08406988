import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Recipe, recipe, toolNames } from './catalog.ts';

const progressEveryMs = 15_000;
const tailLines = 25;

/** The path of a tool's binary; builds it first if no checkout of this machine has done so yet. */
export async function tool(name: string): Promise<string> {
  const build = recipe(name);
  const provided = process.env['KUBEBUILDER_ASSETS'];
  if (provided && isExecutable(path.join(provided, name))) return path.join(provided, name);

  const folder = path.join(cacheRoot(), build.key);
  const binary = path.join(folder, name);
  if (isExecutable(binary)) return binary;

  mkdirSync(folder, { recursive: true });
  // On the same file system as its place, so that the rename is atomic: of two builders at once the slower one
  // replaces a complete binary by an equal one, and nobody ever sees half of one.
  const temporary = mkdtempSync(path.join(folder, '.building-'));
  try {
    await goBuild(name, build, path.join(temporary, name));
    renameSync(path.join(temporary, name), binary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return binary;
}

function cacheRoot(): string {
  const { REFIT_TOOLS_CACHE, XDG_CACHE_HOME } = process.env;
  if (REFIT_TOOLS_CACHE) return path.resolve(REFIT_TOOLS_CACHE);
  return path.join(XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'refit', 'tools');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function goBuild(name: string, build: Recipe, output: string): Promise<void> {
  const started = Date.now();
  const report = (what: string) => {
    process.stderr.write(`${name}: ${what} (${Math.round((Date.now() - started) / 1000)} s)\n`);
  };
  report('building, the first time takes minutes');
  const progress = setInterval(() => report('still building'), progressEveryMs);

  return new Promise<void>((resolve, reject) => {
    const go = spawn('go', ['build', '-o', output, ...build.goArguments], {
      cwd: build.folder,
      // A user's GOFLAGS or go.work would build something else than what go.mod and go.sum pin.
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let messages = '';
    go.stderr.setEncoding('utf8').on('data', (text: string) => (messages += text));
    go.on('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'ENOENT' ? 'no `go` command in PATH; install Go (https://go.dev/dl)' : error;
      reject(new Error(`${name}: cannot build: ${String(reason)}`));
    });
    go.on('close', (code, signal) => {
      if (code === 0) return resolve(report('built'));
      const tail = messages.trimEnd().split('\n').slice(-tailLines).join('\n');
      reject(new Error(`${name}: go build in ${build.folder} ended with ${code ?? signal}:\n${tail}`));
    });
  }).finally(() => clearInterval(progress));
}

async function main(names: string[]): Promise<void> {
  if (names.length === 0) throw new Error(`usage: build.ts <tool>...; tools: ${toolNames.join(', ')}`);
  for (const name of names) recipe(name); // an unknown name must not surface after minutes of building
  for (const name of names) process.stdout.write(`${name}=${await tool(name)}\n`);
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
