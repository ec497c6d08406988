import { describe, expect, it } from '@jest/globals';
import { ALERT_RULES, NODE_BEING_UPDATED } from '../../src/charts/alert-rules.ts';
import { dashboard, DASHBOARD_PANELS } from '../../src/charts/dashboard.ts';
import { registerOwnerMetrics } from '../../src/hook/external/owner-metrics.ts';
import { createMetrics } from '../../src/hook/metrics.ts';
import { EXTERNAL_STATES } from '../../src/api/external-record.ts';
import { OPERATION_STATES } from '../../src/api/operation.ts';
import { selectors, unknownWords } from '../helpers/promql.ts';

/** Metric -> its labels, as Prometheus stores them. */
const METRICS = new Map<string, readonly string[]>([['up', []]]);
const { registry } = createMetrics(() => []);
registerOwnerMetrics(registry, () => []);
for (const metric of registry.getMetricsAsArray()) {
  const { name, type, labelNames } = metric as unknown as {
    name: string;
    type: string;
    labelNames: string[];
  };
  if (type !== 'histogram') METRICS.set(name, labelNames);
  else {
    METRICS.set(`${name}_bucket`, [...labelNames, 'le']);
    for (const suffix of ['_sum', '_count']) METRICS.set(name + suffix, labelNames);
  }
}
/** Given by Prometheus. */
const TARGET_LABELS = ['job', 'instance'];

const expressions: [string, string][] = [
  ...ALERT_RULES.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...DASHBOARD_PANELS.flatMap(({ title, queries }) =>
    queries.map(({ expr }): [string, string] => [title, expr]),
  ),
];

describe('every expression', () => {
  it.each(expressions)('%s: asks for metrics and labels that the server has: %s', (_where, expression) => {
    const found = selectors(expression);
    expect(found.length).toBeGreaterThan(0);
    const labels = new Set(TARGET_LABELS);
    for (const { metric, matchers } of found) {
      expect([...METRICS.keys()]).toContain(metric);
      for (const label of METRICS.get(metric) ?? []) labels.add(label);
      const own = [...(METRICS.get(metric) ?? []), ...TARGET_LABELS];
      for (const { label, value } of matchers) {
        expect(own).toContain(label);
        const states = value.split('|');
        const known = metric === 'refit_owner_upgrade' ? EXTERNAL_STATES : OPERATION_STATES;
        if (label === 'state') expect(known).toEqual(expect.arrayContaining(states));
      }
    }
    expect(unknownWords(expression, [...METRICS.keys(), ...labels])).toEqual([]);
  });

  it('is found to be wrong when it is', () => {
    expect(selectors('sum by (state) (refit_operation{sate="x"})')).toEqual([
      { metric: 'refit_operation', matchers: [{ label: 'sate', value: 'x' }] },
    ]);
    expect(unknownWords('sum by (sate) (refit_operations)', ['refit_operations', 'state'])).toEqual(['sate']);
    expect(unknownWords('summ(up)', ['up'])).toEqual(['summ']);
  });

  it('has its brackets closed', () => {
    for (const [, expression] of expressions) {
      for (const pair of ['()', '{}', '[]']) {
        const count = (bracket = '') => expression.split(bracket).length;
        expect(count(pair[0])).toBe(count(pair[1]));
      }
    }
  });
});

describe('alerts', () => {
  it('have names of their own, and the labels that their text speaks of', () => {
    expect(new Set(ALERT_RULES.map(({ alert }) => alert)).size).toBe(ALERT_RULES.length);
    for (const { expr, summary } of ALERT_RULES) {
      for (const [, label = ''] of summary.matchAll(/\$labels\.(\w+)/g)) {
        expect(expr).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
      }
    }
  });

  it('compare no quantile with more than the largest bucket: Prometheus gives none above it', () => {
    for (const { expr } of ALERT_RULES) {
      const [, metric = '', limit] =
        /histogram_quantile\(.*?(refit_\w+)_bucket.*\) > ([\d.]+)$/.exec(expr) ?? [];
      if (limit === undefined) continue;
      const { upperBounds } = registry.getSingleMetric(metric) as unknown as { upperBounds: number[] };
      expect(Number(limit)).toBeLessThan(Math.max(...upperBounds));
    }
    expect(ALERT_RULES.filter(({ expr }) => expr.startsWith('histogram_quantile'))).not.toEqual([]);
  });

  it('say of which node, so that its own alerts can be inhibited', () => {
    const rule = ALERT_RULES.find(({ alert }) => alert === NODE_BEING_UPDATED);
    expect(rule).toMatchObject({ severity: 'none', for: '0m' });
    expect(rule?.expr).toContain('by (namespace, cluster, machine, node)');
  });
});

describe('the dashboard', () => {
  it('has panels that lie beside each other, none over another', () => {
    const { panels } = dashboard() as {
      panels: { id: number; gridPos: Record<'x' | 'y' | 'w' | 'h', number> }[];
    };
    const taken = new Set<string>();
    for (const { gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        const cell = `${x}/${gridPos.y}`;
        expect(taken).not.toContain(cell);
        taken.add(cell);
      }
    }
  });
});
