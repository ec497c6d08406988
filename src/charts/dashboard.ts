// A Grafana dashboard as Grafana's JSON: rows of panels, each a few expressions.

interface Query {
  expr: string;
  legend: string;
}

interface Panel {
  title: string;
  type: 'timeseries' | 'stat' | 'table';
  /** Of 24. */
  width: number;
  unit?: string;
  queries: readonly Query[];
}

const HEIGHT = 8;
/** Every replica reports every Machine. */
const MACHINE = 'namespace, cluster, machine, node';

export const DASHBOARD_PANELS: readonly Panel[] = [
  {
    title: 'Machines by the state of their last operation',
    type: 'stat',
    width: 12,
    queries: [{ expr: 'max by (state) (refit_operations)', legend: '{{state}}' }],
  },
  {
    title: 'Policy in use is that of the files',
    type: 'stat',
    width: 4,
    queries: [{ expr: 'min(refit_policy_valid)', legend: 'valid' }],
  },
  {
    title: 'Watchdogs fired (24 h)',
    type: 'stat',
    width: 8,
    queries: [{ expr: 'max by (step) (increase(refit_watchdog_fired_total[24h])) > 0', legend: '{{step}}' }],
  },
  {
    title: 'Operations under way: seconds since the last step began or ended',
    type: 'table',
    width: 12,
    unit: 's',
    queries: [
      { expr: `time() - max by (${MACHINE}) (refit_operation_last_progress_timestamp_seconds)`, legend: '' },
    ],
  },
  {
    title: 'Failed or blocked Machines',
    type: 'table',
    width: 12,
    queries: [
      { expr: `max by (${MACHINE}) (refit_machine_operation{state="failed"})`, legend: 'failed' },
      { expr: `max by (${MACHINE}) (refit_machine_blocked)`, legend: 'blocked' },
    ],
  },
  {
    title: 'Owners that are upgraded externally: paused, or failed',
    type: 'table',
    width: 24,
    queries: [{ expr: 'max by (namespace, kind, owner, state) (refit_owner_upgrade)', legend: '' }],
  },
  {
    title: 'Machines with an operation under way',
    type: 'timeseries',
    width: 12,
    queries: [
      {
        expr: 'max by (state) (refit_operations{state=~"starting|running|stopping"})',
        legend: '{{state}}',
      },
    ],
  },
  {
    title: 'Operations that ended (per hour)',
    type: 'timeseries',
    width: 12,
    queries: [{ expr: 'max by (state) (increase(refit_operations_ended_total[1h]))', legend: '{{state}}' }],
  },
  {
    title: 'Duration of steps (95th percentile)',
    type: 'timeseries',
    width: 12,
    unit: 's',
    queries: [
      {
        expr: 'histogram_quantile(0.95, sum by (le, step) (rate(refit_step_duration_seconds_bucket[6h])))',
        legend: '{{step}}',
      },
    ],
  },
  {
    title: 'Refusals (per hour)',
    type: 'timeseries',
    width: 12,
    queries: [
      {
        expr: 'sum by (namespace, cluster) (increase(refit_refusals_total[1h])) > 0',
        legend: '{{namespace}}/{{cluster}}',
      },
    ],
  },
  {
    title: 'Answers',
    type: 'timeseries',
    width: 8,
    unit: 'reqps',
    queries: [
      {
        expr: 'sum by (hook, status) (rate(refit_hook_requests_total[5m]))',
        legend: '{{hook}} {{status}}',
      },
    ],
  },
  {
    title: 'Decisions',
    type: 'timeseries',
    width: 8,
    unit: 'reqps',
    queries: [
      {
        expr: 'sum by (hook, decision) (rate(refit_decisions_total[5m]))',
        legend: '{{hook}} {{decision}}',
      },
    ],
  },
  {
    title: 'Time to answer (99th percentile)',
    type: 'timeseries',
    width: 8,
    unit: 's',
    queries: [
      {
        expr: 'histogram_quantile(0.99, sum by (le, hook) (rate(refit_hook_request_duration_seconds_bucket[5m])))',
        legend: '{{hook}}',
      },
    ],
  },
  {
    title: 'Errors outside of requests (per hour)',
    type: 'timeseries',
    width: 12,
    queries: [{ expr: 'sum by (task) (increase(refit_background_errors_total[1h]))', legend: '{{task}}' }],
  },
  {
    title: 'Memory of the servers',
    type: 'timeseries',
    width: 12,
    unit: 'bytes',
    queries: [{ expr: 'process_resident_memory_bytes{job="capi-refit-server"}', legend: '{{instance}}' }],
  },
];

const SOURCE = { type: 'prometheus', uid: '${datasource}' };

export function dashboard(): object {
  const places = layOut(DASHBOARD_PANELS);
  return {
    uid: 'capi-refit',
    title: 'Refit: in-place updates',
    tags: ['cluster-api', 'refit'],
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }],
    },
    panels: DASHBOARD_PANELS.map(({ title, type, unit, queries }, index) => ({
      id: index + 1,
      title,
      type,
      datasource: SOURCE,
      gridPos: places[index],
      fieldConfig: { defaults: unit === undefined ? {} : { unit }, overrides: [] },
      targets: queries.map(({ expr, legend }, query) => ({
        refId: String.fromCharCode(65 + query),
        datasource: SOURCE,
        expr,
        legendFormat: legend,
        // A table shows what is now.
        ...(type === 'table' ? { instant: true, format: 'table' } : {}),
      })),
    })),
  };
}

/** From left to right, a new row where one is full. */
function layOut(panels: readonly Panel[]): { x: number; y: number; w: number; h: number }[] {
  let [x, y] = [0, 0];
  return panels.map(({ width }) => {
    if (x + width > 24) [x, y] = [0, y + HEIGHT];
    const place = { x, y, w: width, h: HEIGHT };
    x += width;
    return place;
  });
}
