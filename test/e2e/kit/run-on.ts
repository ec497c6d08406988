import type { E2eNode } from '../cluster/connect.ts';

/** What the command writes to stdout. Errors: on which node it failed, and the end of what it wrote. */
export function runOn(node: E2eNode, argv: readonly string[], stdin?: string): string {
  const { code, stdout, stderr } = node.run(argv, stdin);
  if (code === 0) return stdout;
  const end = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${node.name}: ${argv.join(' ')}: ended with ${code}:\n${end}`);
}

/** All that have that text in their command line; to kill the process here is not enough, which is only a door into the node. */
export function endOn(node: E2eNode, text: string): void {
  node.run(['pkill', '-KILL', '-f', hidden(text)]);
}

/** As a pattern that finds that text, but not itself in the command line of what looks for it. */
export const hidden = (text: string): string => `[${text.slice(0, 1)}]${text.slice(1)}`;
