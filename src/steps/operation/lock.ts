// One operation at a time touches a node. The lock outlives processes and reboots: it ends with the operation.
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import { LOCK_FILE } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { readJson } from '../node/json-file.ts';
import type { Site } from './site.ts';
import { isWorking } from './systemd.ts';
import { operationUnit, operationUnitFile, stepUnit } from './units.ts';

const lockSchema = z.object({ operation: z.string() });

const POLL_SECONDS = 2;

/** Steps with transient units that touch the node. */
export const LOCKED_STEPS = ['backup', 'stage', 'prepull', 'rollback', 'renew-certificates'] as const;

/** The operation that holds the lock. What cannot be read counts as nobody's. */
export async function lockHolder(host: Host): Promise<string | undefined> {
  return (await readJson(host, LOCK_FILE, lockSchema))?.operation;
}

/**
 * Takes the lock, which the operation may hold already, and begins: `begin` starts the unit that works under the lock
 * before anybody else can judge whether the lock is stale. Another operation's lock is stale when that operation has
 * neither a working unit nor a unit file, and is waited for otherwise. Errors: StatusError Unavailable naming the holder.
 */
export async function takeLock<T>(
  site: Site,
  operation: string,
  timeoutSeconds: number,
  begin: () => Promise<T>,
): Promise<T> {
  const { clock } = site.host;
  const deadline = clock.monotonic() + timeoutSeconds;
  for (;;) {
    const attempt = await site.guard.hold(async () => {
      const holder = await claim(site, operation);
      return holder === undefined ? { begun: await begin() } : { holder };
    });
    if ('begun' in attempt) return attempt.begun;
    if (clock.monotonic() >= deadline) {
      throw new StatusError(
        `host lock: held by operation ${attempt.holder}, which still works on this node`,
        {
          reason: 'Unavailable',
        },
      );
    }
    await clock.sleep(POLL_SECONDS);
  }
}

/** Only of the operation itself, and under the guard. */
export async function dropLock(host: Host, operation: string): Promise<void> {
  if ((await lockHolder(host)) === operation) await host.files.remove(LOCK_FILE);
}

/** Is any unit of it that touches the node working? */
export async function isOperationWorking(site: Site, operation: string): Promise<boolean> {
  const units = [operationUnit(operation), ...LOCKED_STEPS.map((step) => stepUnit(operation, step))];
  return (await site.systemd.states(units)).some(isWorking);
}

/** Who keeps it from us; undefined: it is ours now. */
async function claim(site: Site, operation: string): Promise<string | undefined> {
  const { files } = site.host;
  const content = `${JSON.stringify({ operation })}\n`;
  if (await files.createExclusively(LOCK_FILE, content)) return undefined;
  const holder = await lockHolder(site.host);
  if (holder === operation) return undefined;
  if (holder !== undefined) {
    if ((await files.status(operationUnitFile(holder))) !== undefined) return holder;
    if (await isOperationWorking(site, holder)) return holder;
    site.host.log(`host lock: operation ${holder} has neither a unit nor a unit file: taken over`);
  }
  await files.write(LOCK_FILE, content, { mode: 0o600 });
  return undefined;
}
