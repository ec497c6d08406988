// `node test/host/run.ts [jest arguments]`: the tests on machines with a real systemd. Needs root, on Debian or Ubuntu.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requirePrograms, rootFolder } from './root-folder.ts';

const fromRoot = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

function main(jestArguments: string[]): number {
  if (process.getuid?.() !== 0)
    throw new Error('test:host needs root: it starts machines with systemd-nspawn');
  requirePrograms({ 'systemd-nspawn': 'systemd-container', debootstrap: 'debootstrap' });
  rootFolder();
  const bundled = node([fromRoot('scripts/bundle.ts')]);
  if (bundled !== 0) return bundled;
  const flags = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];
  const jest = fromRoot('node_modules/jest/bin/jest.js');
  // One after the other: each test has a machine, and their times are looked at.
  return node([
    ...flags,
    jest,
    '--config',
    fromRoot('test/host/jest.config.js'),
    '--runInBand',
    ...jestArguments,
  ]);
}

function node(nodeArguments: string[]): number {
  return spawnSync(process.execPath, nodeArguments, { stdio: 'inherit' }).status ?? 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
