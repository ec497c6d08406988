// A byte of the new kubelet changes between its copy to the node and its use.
import { closeSync, existsSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import { tryAgain } from '../kit/try-again.ts';
import { expectRestored, expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { trap } from '../kit/freeze.ts';
import { operationFolder } from '../kit/host-reports.ts';
import { nextWorker } from '../kit/next-worker.ts';
import { operation } from '../kit/operation.ts';
import { story } from '../kit/story.ts';
import { beginUpdate } from '../kit/update.ts';
import { NEW } from '../kit/versions.ts';

story('a corrupt kubelet is never installed', async (site) => {
  const node = await nextWorker(site);
  const before = await lookBefore(site, node);
  const set = trap(node, 'kubeadm upgrade node');
  const update = await beginUpdate(site, node.name, { version: NEW });
  try {
    const kubeadm = await set.caught(420);
    const running = await operation(site, node.name);
    const staged = path.join(operationFolder(node, running?.name ?? ''), 'stage.json');
    await eventually('staged', () => existsSync(staged), 10);
    changeByte(path.join(node.root, 'var/lib/refit/stage', NEW, 'kubernetes/kubelet'));
    kubeadm.thaw();

    const { message } = await update.says(/^operation 1 failed/, 420);
    expect(message).toMatch(/step kubelet: .*sha256/);
    await expectRestored(site, node, before);

    await tryAgain(site, node);
    await update.done(600);
    await expectUpgraded(site, node, before, 2);
  } finally {
    set.close();
    await update.close();
  }
});

function changeByte(file: string): void {
  const byte = Buffer.alloc(1);
  const middle = Math.floor(statSync(file).size / 2);
  const descriptor = openSync(file, 'r+');
  readSync(descriptor, byte, 0, 1, middle);
  writeSync(descriptor, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, middle);
  closeSync(descriptor);
}
