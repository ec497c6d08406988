// `refit status` for people: at most 80 columns, but for names that are longer. Pure.
import type { ExternalRecord } from '../../api/external-record.ts';
import { age } from '../age.ts';
import { paint, type Paint } from '../io.ts';
import { hanging } from '../text.ts';
import type { ClusterStatus, MachineState, MachineStatus, OwnerStatus, StatusOutput } from './types.ts';

const MIN_NAME = 24;
const COLUMNS = { version: 18, state: 10 } as const;

export function statusText({ at, clusters }: StatusOutput, hasColour: boolean): string {
  const style = paint(hasColour);
  return clusters.map((cluster) => clusterText(cluster, new Date(at), style)).join('\n');
}

function clusterText(cluster: ClusterStatus, now: Date, style: Paint): string {
  const { namespace, name, owners } = cluster;
  const width = Math.max(
    MIN_NAME,
    ...owners.flatMap(({ machines }) => machines.map((machine) => machine.name.length)),
  );
  const head = `  ${'MACHINE'.padEnd(width)}  ${'VERSION'.padEnd(COLUMNS.version)}  ${'STATE'.padEnd(COLUMNS.state)}  SINCE`;
  const isEmpty = owners.every(({ machines }) => machines.length === 0);
  return [
    `${style.bold(`Cluster ${namespace}/${name}`)}${notes([strategyNote(cluster), cluster.paused ? 'paused' : ''])}`,
    ...(isEmpty ? ['  no Machines'] : [style.dim(head)]),
    ...owners.flatMap((owner) => ownerLines(owner, { now, style, width })),
    '',
  ].join('\n');
}

function strategyNote({ strategy, owners }: ClusterStatus): string {
  if (strategy !== undefined) return strategy;
  return owners.some((owner) => owner.strategy !== undefined) ? '' : 'not opted in';
}

interface Layout {
  now: Date;
  style: Paint;
  /** Of the names. */
  width: number;
}

function ownerLines(owner: OwnerStatus, layout: Layout): string[] {
  const { kind, name, version, machines, strategy, paused } = owner;
  if (kind === 'none' && machines.length === 0) return [];
  const there = machines.filter((machine) => machine.state === 'up to date').length;
  const target = version === undefined ? '' : `, ${version}`;
  const count = `${there} of ${machines.length} up to date`;
  const title = kind === 'none' ? 'Machines of no owner' : `${kind} ${name}${target}`;
  const heading = ` ${layout.style.bold(title)}: ${count}${notes([strategy ?? '', paused ? 'paused' : ''])}`;
  return [
    heading,
    ...upgradeLines(owner, layout),
    ...machines.flatMap((machine) => machineLines(machine, layout)),
  ];
}

/** What Refit does for the owner in place of Cluster API. */
function upgradeLines({ upgrade }: OwnerStatus, { style }: Layout): string[] {
  if (!upgrade || upgrade.state === 'succeeded') return [];
  const isBad = upgrade.state === 'declined' || upgrade.state === 'failed';
  return [hanging('  ', upgradeLine(upgrade), isBad ? style.red : style.yellow)];
}

export function upgradeLine({ number, to, release, state, reason }: ExternalRecord): string {
  const what = release === undefined ? to : `${to}, release ${release}`;
  return `upgrade ${number} to ${what} ${state}${reason === undefined ? '' : `: ${reason}`}`;
}

function machineLines(machine: MachineStatus, { now, style, width }: Layout): string[] {
  const { name, state, since, message } = machine;
  const shown = since === undefined ? '' : age(since, now);
  const padded = shown === '' ? state : state.padEnd(COLUMNS.state);
  const columns = [
    name.padEnd(width),
    versions(machine).padEnd(COLUMNS.version),
    colour(state, style)(padded),
  ];
  const row = `  ${[...columns, ...(shown === '' ? [] : [shown])].join('  ')}`;
  return message === undefined ? [row] : [row, hanging('    ', message, style.dim)];
}

/** What the Node reports, and what it is to become. */
function versions({ kubelet, version }: MachineStatus): string {
  if (kubelet === undefined || version === undefined || kubelet === version) return version ?? kubelet ?? '?';
  return `${kubelet} > ${version}`;
}

function colour(state: MachineState, style: Paint): (text: string) => string {
  if (state === 'up to date') return style.green;
  return state === 'failed' || state === 'blocked' ? style.red : style.yellow;
}

function notes(texts: readonly string[]): string {
  const said = texts.filter((text) => text !== '');
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}
