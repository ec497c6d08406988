import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { pinnedModule, type Recipe, recipe, toolNames } from './catalog.ts';

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

/** The folder with the sources of a family's module, read-only; downloads and verifies them first if need be. */
export async function moduleFolder(family: string): Promise<string> {
  const { folder, module } = pinnedModule(family);
  const answer = JSON.parse(await go(folder, 'mod download', ['-json', module])) as { Dir: string };
  return answer.Dir;
}

/** Where everything is kept that is built or made once. */
export function cacheRoot(): string {
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

async function goBuild(name: string, build: Recipe, output: string): Promise<void> {
  const started = Date.now();
  const report = (what: string) => {
    process.stderr.write(`${name}: ${what} (${Math.round((Date.now() - started) / 1000)} s)\n`);
  };
  report('building, the first time takes minutes');
  const progress = setInterval(() => report('still building'), progressEveryMs);
  try {
    await go(build.folder, 'build', ['-o', output, ...build.goArguments]);
    report('built');
  } finally {
    clearInterval(progress);
  }
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
