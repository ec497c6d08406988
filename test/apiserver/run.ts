// `node test/apiserver/run.ts [jest arguments]`: the tests that need a real API server, and one for them.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { tool } from '../tools/build.ts';
import { startControlPlane } from './control-plane.ts';
import { installCrds } from './crds.ts';

const jestPath = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));
const configPath = fileURLToPath(new URL('jest.config.js', import.meta.url));

/** Resolves with Jest's exit code. Errors: what of the preparations failed. */
async function main(jestArguments: string[]): Promise<number> {
  // Its first build would outlast the limit of the test that starts it.
  await tool('workflow-controller');
  const controlPlane = await startControlPlane();
  try {
    await installCrds(controlPlane.kubeconfigPath);
    return await jest(jestArguments, controlPlane.kubeconfigPath);
  } finally {
    await controlPlane.stop();
  }
}

async function jest(jestArguments: string[], kubeconfigPath: string): Promise<number> {
  const nodeArguments = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];
  const child = spawn(
    process.execPath,
    [...nodeArguments, jestPath, '--config', configPath, ...jestArguments],
    { stdio: 'inherit', env: { ...process.env, REFIT_TEST_KUBECONFIG: kubeconfigPath } },
  );
  const passOn = passSignals(child);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    passOn.end();
  }
}

/** A signal ends Jest, and then us the ordinary way: stopping what we started. */
function passSignals(child: ChildProcess): { end(): void } {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return {
    end() {
      for (const signal of signals) process.off(signal, pass);
    },
  };
}

function messages(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...messages(error.cause)] : [];
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messages(error).join(': ')}\n`);
  process.exitCode = 1;
}
