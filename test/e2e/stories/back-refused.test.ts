// A node that was upgraded is asked to go back.
import { expect } from '@jest/globals';
import { nodeFacts } from '../kit/node-facts.ts';
import { removeMarks, writeDesired } from '../kit/desired.ts';
import { story } from '../kit/story.ts';
import { beginUpdate } from '../kit/update.ts';
import { NEW, OLD } from '../kit/versions.ts';

story('the way back is refused, with the reason', async (site) => {
  const node = site.cluster.nodes.findLast((one) => nodeFacts(one).kubelet === NEW);
  if (!node) throw new Error(`nodes: got none at ${NEW}, expected one`);
  const before = nodeFacts(node);
  const update = await beginUpdate(site, node.name, { version: OLD });
  try {
    const { status } = await update.says(new RegExp(`downgrade from ${NEW} to ${OLD}`), 60);
    expect(status).toBe('Failure');
  } finally {
    await update.close();
    await writeDesired(site, node.name, { version: NEW });
    await removeMarks(site, node.name);
  }
  expect(nodeFacts(node)).toEqual(before);
});
