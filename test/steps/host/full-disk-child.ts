// Replaces a small file by a large one where there is no space for it, and prints what came of it.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/cli/clock.ts';
import { createLocalHost } from '../../../src/steps/host/local-host.ts';

const [root = ''] = process.argv.slice(2);
const host = createLocalHost({ clock: systemClock(), log: () => undefined, root });
await writeFile(join(root, 'kubelet'), 'old');
const error: unknown = await host.files
  .write('/kubelet', Buffer.alloc(1 << 20), { mode: 0o755 })
  .catch((failure: unknown) => failure);
const { reason, message } = error as { reason: string; message: string };
const left = { kubelet: await readFile(join(root, 'kubelet'), 'utf8'), files: await readdir(root) };
console.log(JSON.stringify({ reason, message, ...left }));
