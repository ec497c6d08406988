import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Build, ownBuild, pinnedModule, recipe, toolNames } from './catalog.ts';
import { moduleCopy } from './module-copy.ts';
import { fromAssets, fromPath, isExecutable } from './provided.ts';

const progressEveryMs = 15_000;
const tailLines = 25;

/** The path of a tool's binary; builds it if this machine has none of the pinned version yet. */
export async function tool(name: string): Promise<string> {
  const build = recipe(name);
  const provided = await fromAssets(name, build);
  return provided ?? cached(name, build) ?? (await fromPath(name, build)) ?? (await buildOnce(name, build));
}

/** The path of a program whose Go sources are in a folder of ours and need no modules; named like the folder. */
export async function program(sources: string): Promise<string> {
  const [name, build] = [path.basename(sources), ownBuild(sources)];
  return cached(name, build) ?? (await buildOnce(name, build));
}

/** Sources of a family's main module, or of another one in its go.mod: read-only, downloaded and verified. */
export async function moduleFolder(family: string, module?: string): Promise<string> {
  const pinned = pinnedModule(family);
  return sourcesOf(pinned.folder, module ?? pinned.module);
}

async function sourcesOf(folder: string, module: string): Promise<string> {
  const answer = await go(folder, 'mod download', ['-json', module]);
  return (JSON.parse(answer) as { Dir: string }).Dir;
}

/** Where everything is kept that is built or made once. */
export function cacheRoot(): string {
  const { REFIT_TOOLS_CACHE, XDG_CACHE_HOME } = process.env;
  if (REFIT_TOOLS_CACHE) return path.resolve(REFIT_TOOLS_CACHE);
  return path.join(XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'refit', 'tools');
}

function cached(name: string, build: Build): string | undefined {
  const binary = path.join(cacheRoot(), build.key, name);
  return isExecutable(binary) ? binary : undefined;
}

async function buildOnce(name: string, build: Build): Promise<string> {
  const folder = path.join(cacheRoot(), build.key);
  const binary = path.join(folder, name);
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

async function goBuild(name: string, build: Build, output: string): Promise<void> {
  const started = Date.now();
  const report = (what: string) => {
    process.stderr.write(`${name}: ${what} (${Math.round((Date.now() - started) / 1000)} s)\n`);
  };
  report('building, the first time takes minutes');
  const progress = setInterval(() => report('still building'), progressEveryMs);
  try {
    const relinked = await linkedModule(build, path.dirname(output));
    await go(build.folder, 'build', [...relinked, '-o', output, ...build.goArguments]);
    report('built');
  } finally {
    clearInterval(progress);
  }
}

async function linkedModule({ folder, links }: Build, to: string): Promise<string[]> {
  if (!links) return [];
  return moduleCopy(folder, links, { sources: await sourcesOf(folder, links.module), to });
}

/** What the command writes to stdout. Errors: the last lines that it wrote. */
function go(folder: string, command: string, goArguments: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const what = `go ${command} in ${folder}`;
    const child = spawn('go', [...command.split(' '), ...goArguments], {
      cwd: folder,
      // A user's GOFLAGS or go.work would take something else than what go.mod and go.sum pin.
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, messages] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (messages += text));
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'ENOENT' ? 'no `go` command in PATH; install Go (https://go.dev/dl)' : error;
      reject(new Error(`${what}: ${String(reason)}`));
    });
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const tail = (messages || output).trimEnd().split('\n').slice(-tailLines).join('\n');
      reject(new Error(`${what} ended with ${code ?? signal}:\n${tail}`));
    });
  });
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
