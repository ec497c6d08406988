import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const JEST = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));

/** Resolves with its exit code. */
export async function runJest(args: string[], environment: Record<string, string>): Promise<number> {
  const nodeArguments = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];
  const child = spawn(process.execPath, [...nodeArguments, JEST, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
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
