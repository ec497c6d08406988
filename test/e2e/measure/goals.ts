// How Refit's figures compare with those of the plain script. Pure.
import type { Measure } from './figures.ts';

export interface Goal {
  who: Name;
  what: Figure;
  got: number;
  /** What it may be at most. */
  limit: number;
  met: boolean;
}

type Name = Measure['name'];
type Figure = Exclude<keyof Measure, 'name' | 'steps'>;

/** At most as much as `of` says: a number, or the script's own figure, multiplied, or with something added. */
interface Rule {
  who: Name;
  figure: Figure;
  of: number | { who: Name; figure?: Figure; factor?: number; plus?: number };
}

const RULES: readonly Rule[] = [
  ...(['control-plane', 'worker'] as const).flatMap((role): Rule[] => {
    const [who, plain] = [`refit-${role}`, `plain-${role}`] as const;
    return [
      { who, figure: 'hostSeconds', of: { who: plain, factor: 1.1 } },
      { who, figure: 'totalSeconds', of: { who: plain, plus: 90 } },
      { who, figure: 'cordonedSeconds', of: { who: plain, plus: 30 } },
    ];
  }),
  { who: 'refit-control-plane', figure: 'apiOutageSeconds', of: { who: 'plain-control-plane' } },
  { who: 'flip-control-plane', figure: 'apiOutageSeconds', of: 10 },
  { who: 'flip-control-plane', figure: 'apiOutageSeconds', of: { who: 'plain-control-plane', factor: 0.15 } },
  {
    who: 'flip-control-plane',
    figure: 'hostSeconds',
    of: { who: 'plain-control-plane', figure: 'totalSeconds', factor: 0.4 },
  },
  { who: 'flip-control-plane', figure: 'podRestarts', of: 0 },
  // There, seen that it does not start, and back.
  { who: 'flip-back', figure: 'apiOutageSeconds', of: 30 },
  { who: 'flip-taken-back', figure: 'apiOutageSeconds', of: 15 },
  { who: 'flip-ha', figure: 'failedWritesRetried', of: 0 },
  { who: 'flip-ha', figure: 'podRestarts', of: 0 },
  { who: 'flip-vip', figure: 'failedWritesRetried', of: 0 },
];

/** Of those for which all that is compared was measured. */
export function goals(measures: readonly Measure[]): Goal[] {
  const row = (who: Name) => measures.find(({ name }) => name === who);
  return RULES.flatMap(({ who, figure, of }) => {
    const [ours, plain] = [row(who), typeof of === 'number' ? undefined : row(of.who)];
    if (!ours || (typeof of !== 'number' && !plain)) return [];
    const limit =
      typeof of === 'number' ? of : (plain?.[of.figure ?? figure] ?? 0) * (of.factor ?? 1) + (of.plus ?? 0);
    const rounded = Math.round(limit * 100) / 100;
    return [{ who, what: figure, got: ours[figure], limit: rounded, met: ours[figure] <= rounded }];
  });
}

/** For people: the rows, then the goals. */
export function comparison(measures: readonly Measure[]): string {
  const rows = measures.map(
    (one) =>
      `${one.name.padEnd(20)} total ${seconds(one.totalSeconds)}  host ${seconds(one.hostSeconds)}` +
      `  flip ${seconds(one.flipSeconds)}  API away ${seconds(one.apiOutageSeconds)}` +
      `  cordoned ${seconds(one.cordonedSeconds)}  HTTP failures ${one.httpFailures}  restarts ${one.podRestarts}` +
      `  writes failed ${one.failedWrites}, after 2 s ${one.failedWritesRetried}, of ${one.writes}`,
  );
  const lines = goals(measures).map(
    ({ who, what, got, limit, met }) =>
      `${met ? 'met   ' : 'MISSED'} ${who.padEnd(20)} ${what.padEnd(19)} ${amount(what, got)}, at most ${amount(what, limit)}`,
  );
  return [...rows, ...lines].map((line) => `${line}\n`).join('');
}

function amount(what: Figure, value: number): string {
  return what.endsWith('Seconds') ? seconds(value) : String(value).padStart(8);
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`.padStart(8);
}
