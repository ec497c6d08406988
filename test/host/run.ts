// `node test/host/run.ts [jest arguments]`: the tests on machines with a real systemd; `--measure`: what the node's side
// costs. Needs root, on Debian or Ubuntu.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runMain } from '../helpers/run-main.ts';
import { requirePrograms, rootFolder } from './root-folder.ts';

const fromRoot = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** With the first process of its own process namespace all others end: no machine outlives us, however we end. */
const ALONE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];

async function main(jestArguments: string[]): Promise<number> {
  if (process.getuid?.() !== 0)
    throw new Error('test:host needs root: it starts machines with systemd-nspawn');
  requirePrograms({ 'systemd-nspawn': 'systemd-container', debootstrap: 'debootstrap' });
  await rootFolder();
  const bundled = run([process.execPath, fromRoot('scripts/bundle.ts')]);
  if (bundled !== 0) return bundled;
  const node = [...ALONE, process.execPath, '--disable-warning=ExperimentalWarning'];
  if (jestArguments[0] === '--measure') return run([...node, fromRoot('test/host/measure.ts')]);
  const jest = ['--experimental-vm-modules', fromRoot('node_modules/jest/bin/jest.js')];
  // Each test has a machine, and waits most of its time.
  const options = ['--config', fromRoot('test/host/jest.config.js'), '--maxWorkers=3'];
  return run([...node, ...jest, ...options, ...jestArguments]);
}

function run([program = '', ...programArguments]: string[]): number {
  return spawnSync(program, programArguments, { stdio: 'inherit' }).status ?? 1;
}

await runMain(main);
