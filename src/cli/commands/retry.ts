// `refit retry`: failed operations are done again, as new ones.
import { EXIT } from '../../api/commands.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { knownRecord } from '../../api/operation.ts';
import { MACHINES } from '../../hook/kubernetes/resources.ts';
import { machineView } from '../../hook/kubernetes/views.ts';
import { change } from '../../steps/api/change.ts';
import { items } from '../../steps/api/items.ts';
import type { Io } from '../io.ts';
import { withManagement, type Management, type ManagementFlags } from '../management.ts';
import { decideRetry } from '../retry-decision.ts';
import { hanging } from '../text.ts';

export interface RetryFlags extends ManagementFlags {
  failed?: boolean;
  force?: boolean;
}

const WIDTH = 80;

/** Does all that can be done; ends with 1 when a Machine was refused. Errors: BadInput; those of the client. */
export function retry(names: readonly string[], flags: RetryFlags, io: Io): Promise<number> {
  if (names.length > 0 === (flags.failed === true)) {
    throw badInput(
      'MACHINE',
      names.join(' ') || undefined,
      'names, or --failed for all whose operation failed',
    );
  }
  return withManagement(flags, async (management) => {
    const machines = flags.failed === true ? await failed(management) : names;
    if (machines.length === 0) io.err(`No operation has failed in namespace ${management.namespace}\n`);
    const refused = [];
    for (const name of machines) if (!(await retryOne(name, flags, management, io))) refused.push(name);
    return refused.length > 0 ? EXIT.failed : EXIT.done;
  });
}

async function failed({ client, namespace }: Management): Promise<string[]> {
  const names: string[] = [];
  for await (const object of items(client, MACHINES.path(namespace))) {
    const { name, annotations } = machineView(object);
    if (knownRecord(annotations)?.state === 'failed') names.push(name);
  }
  return names;
}

/** False: refused. */
async function retryOne(
  name: string,
  { force }: RetryFlags,
  { client, namespace }: Management,
  io: Io,
): Promise<boolean> {
  const what = `Machine ${namespace}/${name}: `;
  let said = '';
  try {
    await change(client, MACHINES.path(namespace, name), (object) => {
      const decision = decideRetry(machineView(object), force);
      if ('refusal' in decision) throw new StatusError(decision.refusal, { reason: 'BadInput' });
      said = decision.message;
      return { annotations: decision.annotations };
    });
  } catch (error) {
    if (!(error instanceof StatusError) || (error.reason !== 'BadInput' && error.reason !== 'NotFound'))
      throw error;
    const why = error.reason === 'NotFound' ? 'there is none of this name' : error.message;
    io.err(`${hanging('refit: ', what + why, WIDTH)}\n`);
    return false;
  }
  io.out(`${hanging('', what + said, WIDTH)}\n`);
  return true;
}
