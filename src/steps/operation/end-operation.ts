// The end of an operation on this node, whatever became of it: nothing of it starts again, and the node is free.
import { desiredFile, operationFolder } from '../host/folders.ts';
import { forgetRendered } from '../node/flip/decision.ts';
import { dropLock } from './lock.ts';
import { giveUpFile } from './records.ts';
import type { Site } from './site.ts';
import { operationUnit, operationUnitFile } from './units.ts';
import { disarmAll } from './watchdog-timer.ts';

/**
 * Under the guard. Cut at any point it can be done again: the lock goes last. A unit may do this to itself: it is not
 * stopped.
 */
export async function endOperation(site: Site, operation: string): Promise<void> {
  const { files } = site.host;
  await files.remove(desiredFile(operation));
  await files.remove(giveUpFile(operation));
  await forgetRendered(site.host, operation);
  const folder = operationFolder(operation);
  for (const name of await files.list(folder)) {
    if (name.endsWith('.input')) await files.remove(`${folder}/${name}`);
  }
  await disarmAll(site, operation);
  await removeUnit(site, operation);
  await dropLock(site.host, operation);
}

/** Also a start of it that systemd has yet to do. */
export async function withdrawUnit(site: Site, operation: string): Promise<void> {
  await site.systemd.stop([operationUnit(operation)]);
  await removeUnit(site, operation);
}

async function removeUnit({ host, systemd }: Site, operation: string): Promise<void> {
  const file = operationUnitFile(operation);
  if ((await host.files.status(file)) === undefined) return;
  await systemd.disable(operationUnit(operation));
  await host.files.remove(file);
  await systemd.reload();
}
