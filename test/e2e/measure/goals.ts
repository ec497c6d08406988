// How Refit's figures compare with those of the plain script. Pure.
import type { Measure } from './figures.ts';

export interface Goal {
  role: 'control-plane' | 'worker';
  what: string;
  got: number;
  /** What it may be at most. */
  limit: number;
  met: boolean;
}

type Figure = Exclude<keyof Measure, 'name' | 'steps'>;

/** What is added to the script's own figure, or what it is multiplied by. */
const GOALS: readonly { figure: Figure; factor?: number; plus?: number; only?: Goal['role'] }[] = [
  { figure: 'hostSeconds', factor: 1.1 },
  { figure: 'totalSeconds', plus: 90 },
  { figure: 'cordonedSeconds', plus: 30 },
  { figure: 'apiOutageSeconds', only: 'control-plane' },
];

/** Of the roles for which both were measured. */
export function goals(measures: readonly Measure[]): Goal[] {
  return (['control-plane', 'worker'] as const).flatMap((role) => {
    const [ours, plain] = ['refit', 'plain'].map((who) =>
      measures.find(({ name }) => name === `${who}-${role}`),
    );
    if (!ours || !plain) return [];
    const asked = GOALS.filter(({ only = role }) => only === role);
    return asked.map(({ figure, factor = 1, plus = 0 }) => {
      const limit = Math.round((plain[figure] * factor + plus) * 100) / 100;
      return { role, what: figure, got: ours[figure], limit, met: ours[figure] <= limit };
    });
  });
}

/** For people: the rows, then the goals. */
export function comparison(measures: readonly Measure[]): string {
  const rows = measures.map(
    (one) =>
      `${one.name.padEnd(20)} total ${seconds(one.totalSeconds)}  host ${seconds(one.hostSeconds)}` +
      `  flip ${seconds(one.flipSeconds)}  API away ${seconds(one.apiOutageSeconds)}` +
      `  cordoned ${seconds(one.cordonedSeconds)}  HTTP failures ${one.httpFailures}  restarts ${one.podRestarts}`,
  );
  const lines = goals(measures).map(
    ({ role, what, got, limit, met }) =>
      `${met ? 'met   ' : 'MISSED'} ${role.padEnd(13)} ${what.padEnd(16)} ${seconds(got)}, at most ${seconds(limit)}`,
  );
  return [...rows, ...lines].map((line) => `${line}\n`).join('');
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`.padStart(8);
}
