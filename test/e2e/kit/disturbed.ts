// An update of a worker to which something happens while a command of a step runs there.
import type { E2eNode } from '../cluster/connect.ts';
import { type Before, expectUpgraded, lookBefore } from './before-and-after.ts';
import { type Frozen, trap } from './freeze.ts';
import { nextWorker } from './next-worker.ts';
import { operation } from './operation.ts';
import type { Site } from './site.ts';
import { beginUpdate } from './update.ts';
import { NEW } from './versions.ts';

export interface Middle {
  node: E2eNode;
  before: Before;
  /** Name of the operation. */
  operation: string;
  command: Frozen;
}

export const KUBEADM = 'kubeadm upgrade node';
const UNTIL_COMMAND_SECONDS = 420;
const UNTIL_DONE_SECONDS = 900;

/** The command goes on after `happens`, if that has not let it; then all must end as if nothing had happened. */
export async function disturbedUpdate(
  site: Site,
  commandLine: string,
  happens: (middle: Middle) => Promise<void>,
): Promise<Middle> {
  const node = await nextWorker(site);
  const before = await lookBefore(site, node);
  const set = trap(node, commandLine);
  const update = await beginUpdate(site, node.name, { version: NEW });
  try {
    const command = await set.caught(UNTIL_COMMAND_SECONDS);
    const running = await operation(site, node.name);
    const middle = { node, before, operation: running?.name ?? '', command };
    try {
      await happens(middle);
    } finally {
      command.thaw();
    }
    await update.done(UNTIL_DONE_SECONDS);
    await expectUpgraded(site, node, before, running?.record.number ?? 0);
    return middle;
  } finally {
    set.close();
    await update.close();
  }
}
