import { fileURLToPath } from 'node:url';
import type { ProcessSpec } from './process.ts';

const MAIN = fileURLToPath(new URL('../player/main.ts', import.meta.url));

export function player(kubeconfig: string): ProcessSpec {
  return {
    binary: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', MAIN, '--kubeconfig', kubeconfig],
    isReady: (daemon) => Promise.resolve(/^ready/m.test(daemon.output())),
  };
}
