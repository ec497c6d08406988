import type { Stage } from './decision.ts';

/** One line for people. Pure. */
export function stageLine({ kind, name, door, from, version, release, edit }: Stage): string {
  const versions = from === version ? `stays at ${version}` : `${from} to ${version}`;
  const what = release === undefined ? versions : `${versions}, release ${release}`;
  const how =
    edit === undefined
      ? 'written already'
      : edit.kind === 'Cluster'
        ? `by the topology of Cluster ${edit.name}`
        : 'edited';
  const who =
    door === 'external' ? 'Refit does it, one Machine after the other' : 'Cluster API asks for each Machine';
  return `${kind} ${name}: ${what} (${how}; ${who})`;
}
