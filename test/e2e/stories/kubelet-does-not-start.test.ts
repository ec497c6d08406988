// The new kubelet cannot be started on this node, and the program that would put the old one back hangs.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { tryAgain } from '../kit/try-again.ts';
import { expectRestored, expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { freeze } from '../kit/freeze.ts';
import { operationFolder } from '../kit/host-reports.ts';
import { nextWorker } from '../kit/next-worker.ts';
import { operation } from '../kit/operation.ts';
import { runOn } from '../kit/run-on.ts';
import { story } from '../kit/story.ts';
import { beginUpdate } from '../kit/update.ts';
import { NEW } from '../kit/versions.ts';

const DROP_IN = 'etc/systemd/system/kubelet.service.d/99-site.conf';

story('a kubelet that does not start is put back by the watchdog', async (site) => {
  const node = await nextWorker(site);
  mkdirSync(path.dirname(path.join(node.root, DROP_IN)), { recursive: true });
  const before = await lookBefore(site, node);
  refuseNewKubelet(node, true);
  const update = await beginUpdate(site, node.name, { version: NEW });
  try {
    await update.says(/step \d+\/\d+ /, 120);
    const running = await operation(site, node.name);
    const begun = path.join(operationFolder(node, running?.name ?? ''), 'kubelet.begun');
    await eventually(
      'step kubelet begun, and the kubelet down',
      () => existsSync(begun) && isDown(node),
      420,
    );
    freeze(node, `host run --operation=${running?.name}`);

    const { message } = await update.says(/^operation 1 failed/, 600);
    expect(message).toMatch(/step kubelet: .*restored: .*kubelet/);
    // systemd wakes what it stops, so the program may put the files back itself once the watchdog has given it up.
    expect(runOn(node, ['journalctl', '-t', 'refit', '-o', 'cat', '--no-pager'])).toContain(
      'step kubelet: given up',
    );
    refuseNewKubelet(node, false);
    await expectRestored(site, node, before);

    await tryAgain(site, node);
    await update.done(600);
    await expectUpgraded(site, node, before, 2);
  } finally {
    refuseNewKubelet(node, false);
    await update.close();
  }
});

/** Its unit looks at the version before it starts it. */
function refuseNewKubelet(node: E2eNode, isRefused: boolean): void {
  const file = path.join(node.root, DROP_IN);
  const command = `/bin/sh -c '! /usr/bin/kubelet --version | grep -qF ${NEW}'`;
  if (isRefused) writeFileSync(file, `[Service]\nExecStartPre=${command}\n`);
  else rmSync(file, { force: true });
  runOn(node, ['systemctl', 'daemon-reload']);
}

function isDown(node: E2eNode): boolean {
  return node.run(['systemctl', 'is-active', 'kubelet']).stdout.trim() === 'activating';
}
