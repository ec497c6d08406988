// `refit status`: what happens to the Machines that Refit works on.
import { EXIT } from '../../api/commands.ts';
import { badInput } from '../../api/errors.ts';
import { text } from '../../kubernetes/fields.ts';
import type { Io } from '../io.ts';
import { withManagement, type Management, type ManagementFlags } from '../management.ts';
import { patience } from '../patience.ts';
import { changesSince, changeText } from '../status/changes.ts';
import { statusOutput } from '../status/cluster-status.ts';
import { readStatus } from '../status/read-status.ts';
import { statusText } from '../status/status-text.ts';
import type { StatusOutput } from '../status/types.ts';
import { hanging } from '../text.ts';

export interface StatusFlags extends ManagementFlags {
  allNamespaces?: boolean;
  output: 'table' | 'json';
  watch?: boolean;
}

const WATCH_SECONDS = 2;
/** What has scrolled away stays. */
const CLEAR_SCREEN = '\u001B[H\u001B[2J';

/** Errors: BadInput for a Cluster that is not there; those of the client. */
export function status(cluster: string | undefined, flags: StatusFlags, io: Io): Promise<number> {
  return withManagement(flags, async (management) => {
    const look = lookFor(cluster, flags, management);
    if (flags.watch === true) return follow(look, flags, io, management);
    const found = await look();
    if (flags.output === 'json') io.out(`${JSON.stringify(found, undefined, 2)}\n`);
    else if (found.clusters.length > 0) io.out(statusText(found, io.hasColour));
    else io.err(`${nothing(flags, management)}\n`);
    return EXIT.done;
  });
}

function lookFor(cluster: string | undefined, flags: StatusFlags, { client, clock, namespace }: Management) {
  return async (): Promise<StatusOutput> => {
    const facts = await readStatus(client, flags.allNamespaces === true ? undefined : namespace);
    const found = statusOutput({ ...facts, ...(cluster === undefined ? {} : { cluster }) }, clock.now());
    if (cluster === undefined || found.clusters.length > 0) return found;
    const names = facts.clusters.map((object) => text(object, 'metadata', 'name') ?? '');
    throw badInput(
      'CLUSTER',
      cluster,
      `a Cluster of namespace ${namespace} (${names.join(', ') || 'there is none'})`,
    );
  };
}

/** Until Ctrl-C. A terminal shows the whole, again and again; anything else gets what changed, a line each. */
async function follow(
  look: () => Promise<StatusOutput>,
  flags: StatusFlags,
  io: Io,
  management: Management,
): Promise<number> {
  const { clock, signal } = management;
  const patient = patience(io);
  let previous: StatusOutput | undefined;
  while (!signal.aborted) {
    const found = await patient(look());
    if (found !== 'away') {
      if (flags.output === 'table' && io.isTerminal) {
        const isEmpty = found.clusters.length === 0;
        io.out(
          CLEAR_SCREEN + (isEmpty ? `${nothing(flags, management)}\n` : statusText(found, io.hasColour)),
        );
      } else {
        const line = flags.output === 'json' ? JSON.stringify : changeText;
        for (const change of changesSince(previous, found)) io.out(`${line(change)}\n`);
      }
      previous = found;
    }
    await clock.sleep(WATCH_SECONDS, signal);
  }
  return EXIT.done;
}

function nothing({ allNamespaces }: StatusFlags, { namespace }: Management): string {
  const where = allNamespaces === true ? 'any namespace' : `namespace ${namespace} (-A: all namespaces)`;
  const text = `No Cluster in ${where} has opted in: kubectl label cluster NAME capi-refit.io/strategy=in-place`;
  return hanging('', text);
}
