// What `refit status --watch` says when nobody looks at a screen: a line for each Machine that changed. Pure.
import { age } from '../age.ts';
import type { MachineStatus, StatusOutput } from './types.ts';

export interface StatusChange {
  at: string;
  namespace: string;
  cluster: string;
  machine: MachineStatus;
}

/** A time that grows is no news. */
export function changesSince(previous: StatusOutput | undefined, found: StatusOutput): StatusChange[] {
  const before = new Map(all(previous).map((change) => [keyOf(change), newsOf(change.machine)]));
  return all(found).filter((change) => before.get(keyOf(change)) !== newsOf(change.machine));
}

export function changeText({ at, namespace, machine }: StatusChange): string {
  const { name, state, since, message } = machine;
  const when = since === undefined ? '' : ` for ${age(since, new Date(at))}`;
  const why = message === undefined ? '' : `: ${message}`;
  return `${at.replace(/\.\d+Z$/, 'Z')}  ${namespace}/${name}  ${state}${when}${why}`;
}

function all(output: StatusOutput | undefined): StatusChange[] {
  return (output?.clusters ?? []).flatMap(({ namespace, name, owners }) =>
    owners.flatMap(({ machines }) =>
      machines.map((machine) => ({ at: output?.at ?? '', namespace, cluster: name, machine })),
    ),
  );
}

function keyOf({ namespace, machine }: StatusChange): string {
  return `${namespace}/${machine.name}`;
}

function newsOf({ state, message = '' }: MachineStatus): string {
  const steady = message.replace(/running \S+/, 'running').replace(/ \(last said .*\)$/, '');
  return `${state} ${steady}`;
}
