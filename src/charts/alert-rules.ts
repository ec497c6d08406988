// What somebody must look at. Each alert has a section of its name in docs/runbook.md.

export interface AlertRule {
  alert: string;
  expr: string;
  /** How long it must be so. */
  for: string;
  severity: 'critical' | 'warning' | 'info' | 'none';
  summary: string;
}

/** Every replica reports every Machine: none is counted twice. */
const MACHINE = 'namespace, cluster, machine, node';

export const NODE_BEING_UPDATED = 'RefitNodeBeingUpdated';

export const ALERT_RULES: readonly AlertRule[] = [
  {
    alert: 'RefitServerDown',
    expr: 'absent(up{job="capi-refit-server"} == 1)',
    for: '10m',
    severity: 'critical',
    summary: 'No hook server can be scraped: Cluster API can neither update nor replace machines.',
  },
  {
    alert: 'RefitPolicyInvalid',
    expr: 'min(refit_policy_valid) == 0',
    for: '1m',
    severity: 'warning',
    summary: 'The policy or the image map is bad: the last good one is still in use.',
  },
  {
    alert: 'RefitOperationFailed',
    expr: `max by (${MACHINE}) (refit_machine_operation{state="failed"}) > 0`,
    for: '1m',
    severity: 'warning',
    summary: 'The operation on Machine {{ $labels.namespace }}/{{ $labels.machine }} failed.',
  },
  {
    alert: 'RefitOperationStuck',
    expr: `time() - max by (${MACHINE}) (refit_operation_last_progress_timestamp_seconds) > 3600`,
    for: '1m',
    severity: 'warning',
    summary: 'Nothing happens in the operation on Machine {{ $labels.namespace }}/{{ $labels.machine }}.',
  },
  {
    alert: 'RefitUpdateBlocked',
    expr: 'sum by (namespace, cluster, hook) (increase(refit_refusals_total[30m])) > 0',
    for: '15m',
    severity: 'warning',
    summary: 'Updates of Cluster {{ $labels.namespace }}/{{ $labels.cluster }} are refused.',
  },
  {
    alert: 'RefitMachineBlocked',
    expr: `max by (${MACHINE}) (refit_machine_blocked) > 0`,
    for: '1h',
    severity: 'info',
    summary:
      'Nothing is started on Machine {{ $labels.namespace }}/{{ $labels.machine }}: it is marked as blocked.',
  },
  {
    alert: 'RefitOwnerHeld',
    expr: 'max by (namespace, kind, owner, state) (refit_owner_upgrade{state=~"requested|declined|failed"}) > 0',
    for: '15m',
    severity: 'warning',
    summary:
      'The upgrade of {{ $labels.kind }} {{ $labels.namespace }}/{{ $labels.owner }} is {{ $labels.state }}.',
  },
  {
    alert: 'RefitOwnerStuck',
    expr: 'time() - max by (namespace, kind, owner) (refit_owner_last_progress_timestamp_seconds) > 3600',
    for: '1m',
    severity: 'warning',
    summary:
      'Nothing happens in the upgrade of {{ $labels.kind }} {{ $labels.namespace }}/{{ $labels.owner }}.',
  },
  {
    alert: 'RefitWatchdogFired',
    expr: 'max by (step) (increase(refit_watchdog_fired_total[1h])) > 0',
    for: '0m',
    severity: 'critical',
    summary: "A node's watchdog gave step {{ $labels.step }} up.",
  },
  {
    alert: 'RefitBackgroundErrors',
    expr: 'sum by (task) (increase(refit_background_errors_total[15m])) > 5',
    for: '15m',
    severity: 'warning',
    summary: 'The server fails again and again at: {{ $labels.task }}.',
  },
  {
    alert: 'RefitAnswersSlow',
    expr: 'histogram_quantile(0.99, sum by (le, hook) (rate(refit_hook_request_duration_seconds_bucket[10m]))) > 2',
    for: '10m',
    severity: 'warning',
    summary: 'Answers to {{ $labels.hook }} take seconds: Cluster API waits for 10 s at most.',
  },
  {
    // Nobody is to be told: Alertmanager inhibits the alerts of that node by it. The last minutes count, too.
    alert: NODE_BEING_UPDATED,
    expr:
      `max by (${MACHINE}) ` +
      '(max_over_time(refit_machine_operation{state=~"starting|running|stopping",node!=""}[5m])) > 0',
    for: '0m',
    severity: 'none',
    summary: 'Node {{ $labels.node }} is being updated: its alerts may be inhibited.',
  },
];
