import type { E2eNode } from '../cluster/connect.ts';

/** What the command writes to stdout. Errors: on which node it failed, and the end of what it wrote. */
export function runOn(node: E2eNode, argv: readonly string[], stdin?: string): string {
  const { code, stdout, stderr } = node.run(argv, stdin);
  if (code === 0) return stdout;
  const end = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${node.name}: ${argv.join(' ')}: ended with ${code}:\n${end}`);
}
