// There is no room for a release on the file system of /var/lib/refit.
import { expect } from '@jest/globals';
import { tryAgain } from '../kit/try-again.ts';
import { expectRestored, expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { nextWorker } from '../kit/next-worker.ts';
import { nodeState } from '../kit/node-state.ts';
import { runOn } from '../kit/run-on.ts';
import { story } from '../kit/story.ts';
import { beginUpdate } from '../kit/update.ts';
import { NEW } from '../kit/versions.ts';

const FOLDER = '/var/lib/refit';
/** Room for the program that looks, and not for much more. */
const SMALL = 'size=300m';

story('a node without room is refused before anything is touched', async (site) => {
  const node = await nextWorker(site);
  const before = await lookBefore(site, node);
  runOn(node, ['mkdir', '-p', FOLDER]);
  runOn(node, ['mount', '-t', 'tmpfs', '-o', SMALL, 'tmpfs', FOLDER]);
  const update = await beginUpdate(site, node.name, { version: NEW });
  try {
    const { message } = await update.says(/^operation 1 failed/, 300);
    expect(message).toMatch(/step (preflight|backup|stage): .*(GiB|MiB|bytes) free/);
    runOn(node, ['umount', FOLDER]);
    await expectRestored(site, node, before);
    expect((await nodeState(site, node)).isCordoned).toBe(false);

    await tryAgain(site, node);
    await update.done(600);
    await expectUpgraded(site, node, before, 2);
  } finally {
    node.run(['umount', FOLDER]);
    await update.close();
  }
});
