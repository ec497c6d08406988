// What `refit status --watch` says when nobody looks at a screen: what changed, a line each. Pure.
import { age } from '../age.ts';
import { oneLine } from '../text.ts';
import { upgradeLine } from './status-text.ts';
import type { MachineStatus, OwnerStatus, StatusOutput } from './types.ts';

/** The contract of `refit status -w -o json`: an object a line, with one of the last three. */
export interface StatusChange {
  at: string;
  namespace: string;
  cluster: string;
  machine?: MachineStatus;
  /** Its upgrade by Refit in place of Cluster API. */
  owner?: Required<Pick<OwnerStatus, 'kind' | 'name' | 'upgrade'>>;
  /** Name of a Machine that is not there any more. */
  gone?: string;
}

/** A time that grows is no news. */
export function changesSince(previous: StatusOutput | undefined, found: StatusOutput): StatusChange[] {
  const [before, now] = [all(previous), all(found)];
  const known = new Map(before.map((change) => [keyOf(change), newsOf(change)]));
  const keys = new Set(now.map(keyOf));
  const gone = before.flatMap(({ namespace, cluster, machine, ...change }) =>
    machine === undefined || keys.has(keyOf({ namespace, cluster, machine, ...change }))
      ? []
      : [{ at: found.at, namespace, cluster, gone: machine.name }],
  );
  return [...now.filter((change) => known.get(keyOf(change)) !== newsOf(change)), ...gone];
}

export function changeText({ at, namespace, machine, owner, gone }: StatusChange): string {
  const when = at.replace(/\.\d+Z$/, 'Z');
  const what = machine
    ? `${namespace}/${machine.name}  ${machineText(machine, new Date(at))}`
    : owner
      ? `${namespace}/${owner.name}  ${upgradeLine(owner.upgrade)}`
      : `${namespace}/${gone ?? ''}  gone: the Machine was deleted`;
  return oneLine(`${when}  ${what}`);
}

function machineText({ state, since, message }: MachineStatus, at: Date): string {
  const duration = since === undefined ? '' : ` for ${age(since, at)}`;
  return `${state}${duration}${message === undefined ? '' : `: ${message}`}`;
}

function all(output: StatusOutput | undefined): StatusChange[] {
  return (output?.clusters ?? []).flatMap(({ namespace, name: cluster, owners }) => {
    const of = { at: output?.at ?? '', namespace, cluster };
    return owners.flatMap(({ kind, name, upgrade, machines }) => [
      ...(upgrade === undefined ? [] : [{ ...of, owner: { kind, name, upgrade } }]),
      ...machines.map((machine) => ({ ...of, machine })),
    ]);
  });
}

function keyOf({ namespace, machine, owner }: StatusChange): string {
  return `${owner?.kind ?? 'Machine'} ${namespace}/${owner?.name ?? machine?.name ?? ''}`;
}

function newsOf({ machine, owner }: StatusChange): string {
  if (owner) return upgradeLine(owner.upgrade);
  const steady = machine?.message?.replace(/running \S+/, 'running').replace(/ \(last said .*\)$/, '');
  return `${machine?.state ?? ''} ${steady ?? ''}`;
}
