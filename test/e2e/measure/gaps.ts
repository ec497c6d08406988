// What a probe saw, as figures. Pure.

/** One try of a probe. */
export interface Sample {
  /** Milliseconds since the epoch, when it began. */
  at: number;
  ok: boolean;
}

/** The state of something at a time. */
export interface State<T> {
  at: number;
  value: T;
}

export interface Gap {
  from: number;
  seconds: number;
}

/** From the first try that failed to the next one that did not, or to the last one. */
export function gaps(samples: readonly Sample[]): Gap[] {
  const found: Gap[] = [];
  let from: number | undefined;
  for (const { at, ok } of samples) {
    if (ok && from !== undefined) found.push(gap(from, at));
    from = ok ? undefined : (from ?? at);
  }
  const last = samples.at(-1);
  return from === undefined || last === undefined ? found : [...found, gap(from, last.at)];
}

/** Of all gaps together. */
export function outageSeconds(samples: readonly Sample[]): number {
  return gaps(samples).reduce((sum, { seconds }) => sum + seconds, 0);
}

export function failures(samples: readonly Sample[]): number {
  return samples.filter(({ ok }) => !ok).length;
}

/** As a client sees it that tries again for so long: of tries that failed, those behind which none went well in time. */
export function failuresRetried(samples: readonly Sample[], seconds: number): number {
  const isSaved = (index: number, from: number): boolean =>
    samples.slice(index).some(({ at, ok }) => ok && at <= from + seconds * 1000);
  return samples.filter(({ at, ok }, index) => !ok && !isSaved(index, at)).length;
}

/** How long it was true, from the look that saw it so to the one that did not any more. */
export function secondsTrue(states: readonly State<boolean>[]): number {
  return outageSeconds(states.map(({ at, value }) => ({ at, ok: !value })));
}

/** How often a number that only grows was seen smaller than before. */
export function stepsBack(states: readonly State<number>[]): number {
  return states.filter(({ value }, index) => value < (states[index - 1]?.value ?? value)).length;
}

/** The longest time in which it did not grow. */
export function longestStandstill(states: readonly State<number>[]): number {
  const grown = states.filter(({ value }, index) => index === 0 || value > (states[index - 1]?.value ?? 0));
  const ends = [...grown.slice(1), ...states.slice(-1)];
  return Math.max(0, ...grown.map(({ at }, index) => ((ends[index]?.at ?? at) - at) / 1000));
}

function gap(from: number, to: number): Gap {
  return { from, seconds: (to - from) / 1000 };
}
