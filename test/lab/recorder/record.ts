// `npm run lab:record [-- arguments of test:lab]`: runs the stories with the recorder between Cluster API and Refit,
// and takes what it kept as fixtures.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMain } from '../../helpers/run-main.ts';
import { recipe } from '../../tools/catalog.ts';
import { takeRecordings } from './take-recordings.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

async function main(args: string[]): Promise<number> {
  const recorded = path.join(REPOSITORY, 'out', 'lab-requests');
  rmSync(recorded, { recursive: true, force: true });
  mkdirSync(recorded, { recursive: true, mode: 0o700 });
  const code = await stories(args, recorded);
  if (code !== 0) {
    process.stderr.write(`a story failed: the fixtures stay, what was recorded is in ${recorded}\n`);
    return code;
  }
  const version = recipe('capi-core').version;
  const fixtures = path.join(REPOSITORY, 'test', 'fixtures', 'requests', `capi-${version}`);
  const done = takeRecordings(recorded, fixtures, args.length === 0);
  const next = 'Next: npm run golden, and review what Refit makes of them (test/golden/recorded).';
  process.stdout.write(`${[...done, next].join('\n')}\n`);
  return 0;
}

/** Resolves with the exit code; a signal is theirs to obey. */
function stories(args: string[], recorded: string): Promise<number> {
  const child = spawn('npm', ['run', '--silent', 'test:lab', '--', ...args], {
    cwd: REPOSITORY,
    env: { ...process.env, REFIT_LAB_RECORD: recorded },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void child.kill(signal));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

await runMain(main);
