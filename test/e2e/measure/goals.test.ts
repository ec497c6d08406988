import { describe, expect, it } from '@jest/globals';
import { type Measure, withMeasure } from './figures.ts';
import { comparison, goals } from './goals.ts';

const plain = measure('plain-control-plane', {
  ...{ totalSeconds: 100, hostSeconds: 100, apiOutageSeconds: 50, cordonedSeconds: 10 },
});
const within = measure('refit-control-plane', {
  ...{ totalSeconds: 190, hostSeconds: 110, apiOutageSeconds: 50, cordonedSeconds: 40 },
});

describe('the goals against the plain script', () => {
  it('are met at their limits', () => {
    expect(goals([within, plain]).map(({ what, limit, met }) => [what, limit, met])).toEqual([
      ['hostSeconds', 110, true],
      ['totalSeconds', 190, true],
      ['cordonedSeconds', 40, true],
      ['apiOutageSeconds', 50, true],
    ]);
  });

  it.each(['hostSeconds', 'totalSeconds', 'cordonedSeconds', 'apiOutageSeconds'] as const)(
    'are missed by %s alone',
    (figure) => {
      const over = { ...within, [figure]: within[figure] + 0.01 };
      expect(
        goals([plain, over])
          .filter(({ met }) => !met)
          .map(({ what }) => what),
      ).toEqual([figure]);
    },
  );

  it('say nothing of the API for workers, which do not run it', () => {
    const workers = [
      { ...plain, name: 'plain-worker' as const },
      { ...within, name: 'refit-worker' as const },
    ];
    expect(goals(workers).map(({ who, what }) => `${who} ${what}`)).toEqual([
      'refit-worker hostSeconds',
      'refit-worker totalSeconds',
      'refit-worker cordonedSeconds',
    ]);
  });

  it('need both', () => {
    expect(goals([within])).toEqual([]);
    expect(comparison([within])).not.toContain('at most');
  });

  it('of a flip are fractions of it, and fixed', () => {
    const flip = measure('flip-control-plane', { apiOutageSeconds: 7.5, hostSeconds: 40, podRestarts: 1 });
    expect(goals([flip, plain]).map(({ what, limit, met }) => [what, limit, met])).toEqual([
      ['apiOutageSeconds', 10, true],
      ['apiOutageSeconds', 7.5, true],
      ['hostSeconds', 40, true],
      ['podRestarts', 0, false],
    ]);
    expect(goals([flip]).map(({ limit }) => limit)).toEqual([10, 0]);
  });

  it('are told', () => {
    const slow = { ...within, totalSeconds: 190.06 };
    expect(comparison([slow, plain])).toContain(
      'MISSED refit-control-plane  totalSeconds         190.1 s, at most  190.0 s',
    );
  });
});

it('keeps one row of each name, in one order, with two decimals', () => {
  const again = { ...within, totalSeconds: 1.23456, steps: { kubeadm: 0.456 } };
  const rows = withMeasure(withMeasure(withMeasure([], plain), within), again);
  expect(rows.map(({ name, totalSeconds }) => [name, totalSeconds])).toEqual([
    ['refit-control-plane', 1.23],
    ['plain-control-plane', 100],
  ]);
  expect(rows[0]?.steps).toEqual({ kubeadm: 0.46 });
});

function measure(name: Measure['name'], figures: Partial<Measure>): Measure {
  return {
    ...{ name, totalSeconds: 0, hostSeconds: 0, flipSeconds: 0, apiOutageSeconds: 0, cordonedSeconds: 0 },
    ...{ httpFailures: 0, podRestarts: 0, steps: {}, writes: 0, failedWrites: 0, failedWritesRetried: 0 },
    ...figures,
  };
}
