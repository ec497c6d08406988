// Programs of this machine, and commands in nodes, that must go well.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { E2eNode } from './connect.ts';

const TAIL = 2000;
const OPTIONS = { maxBuffer: 1 << 26 };

/** It must not go on when we are gone: somebody removes then what it makes. */
const WITH_US = ['--pdeathsig', 'SIGKILL', '--'];

/** What it writes to stdout. Errors: the end of what it writes to stderr. */
export async function run(program: string, ...words: string[]): Promise<string> {
  try {
    return (await promisify(execFile)('setpriv', [...WITH_US, program, ...words], OPTIONS)).stdout;
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    throw new Error(`${program} ${words.join(' ')}: ${stderr.slice(-TAIL) || String(cause)}`, { cause });
  }
}

/** What it writes. Errors: the end of that. */
export async function runOn(node: E2eNode, argv: readonly string[], stdin?: string): Promise<string> {
  const running = node.start(argv, stdin);
  const code = await running.ended;
  if (code === 0) return running.output();
  const what = argv.slice(0, 4).join(' ');
  throw new Error(`${node.name}: ${what}: ended with ${code}:\n${running.output().slice(-TAIL)}`);
}
