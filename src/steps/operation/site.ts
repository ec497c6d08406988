// What every part of the node's own work is given.
import type { Argv, Host } from '../host/host.ts';
import type { Guard } from './guard.ts';
import type { StepLogs } from './step-logs.ts';
import type { Systemd } from './systemd.ts';

export interface Site {
  host: Host;
  systemd: Systemd;
  guard: Guard;
  logs: StepLogs;
  /** This very program by absolute paths: what units run. */
  program: Argv;
}
