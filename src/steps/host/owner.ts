// `user:group` to numbers, by the accounts of the machine.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path/posix';
import type { CommandResult, Argv } from './host.ts';

export interface Ids {
  uid: number;
  gid: number;
}

interface Accounts {
  root: string;
  run: (argv: Argv) => Promise<CommandResult>;
}

type Database = 'passwd' | 'group';

/** `user` alone leaves the group as in `otherwise`. undefined: this machine has no such user or group. */
export async function resolveOwner(
  owner: string,
  otherwise: Ids,
  accounts: Accounts,
): Promise<Ids | undefined> {
  const [user = '', group, ...more] = owner.split(':');
  const uid = await idOf('passwd', user, accounts);
  const gid = group === undefined ? otherwise.gid : await idOf('group', group, accounts);
  return uid === undefined || gid === undefined || more.length > 0 ? undefined : { uid, gid };
}

async function idOf(database: Database, name: string, accounts: Accounts): Promise<number | undefined> {
  if (/^\d{1,10}$/.test(name)) return Number(name);
  if (name === '') return undefined;
  const file = await readFile(join(accounts.root, 'etc', database), 'utf8').catch(() => '');
  const local = parse(file, name);
  if (local !== undefined || accounts.root !== '/') return local ?? (name === 'root' ? 0 : undefined);
  // Accounts that are in no file: LDAP, systemd's own.
  const { stdout } = await accounts.run(['getent', database, '--', name]);
  return parse(stdout, name);
}

function parse(lines: string, name: string): number | undefined {
  for (const line of lines.split('\n')) {
    const [found, , id] = line.split(':');
    if (found === name && id !== undefined && /^\d+$/.test(id)) return Number(id);
  }
  return undefined;
}
