// What systemd says of a service.
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';

export interface Service {
  /** active, activating, failed, inactive, ... */
  activeState: string;
  /** undefined: does not run. */
  mainPid: number | undefined;
  /** How often systemd has started it again by itself. */
  restarts: number;
  /** Of the main process; undefined: does not run. */
  startedAt: Date | undefined;
  /** Where it finds programs. */
  path: readonly string[];
  /** What a stop ends: process or control-group. */
  killMode: string;
}

const PROPERTIES = [
  'ActiveState',
  'MainPID',
  'NRestarts',
  'ExecMainStartTimestampMonotonic',
  'Environment',
  'KillMode',
];

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The program that a process runs, whatever lies at its path now. */
export const exeFile = (pid: number): string => `/proc/${pid}/exe`;

/** Errors: StatusError Failed when systemd does not answer. */
export async function readService(host: Host, unit: string): Promise<Service> {
  const argv = ['systemctl', 'show', `--property=${PROPERTIES.join(',')}`, `${unit}.service`] as const;
  const { code, stdout, stderr } = await host.run(argv);
  if (code !== 0) {
    throw new StatusError(`${argv.join(' ')}: got exit code ${code}: ${stderr.trim()}`, { reason: 'Failed' });
  }
  const properties = parseProperties(stdout);
  const mainPid = Number(properties.get('MainPID')) || undefined;
  const started = Number(properties.get('ExecMainStartTimestampMonotonic')) || undefined;
  const [, path = DEFAULT_PATH] = /(?:^|\s)"?PATH=([^\s"]+)/.exec(properties.get('Environment') ?? '') ?? [];
  return {
    activeState: properties.get('ActiveState') ?? '',
    mainPid,
    restarts: Number(properties.get('NRestarts')) || 0,
    startedAt: mainPid && started ? await sinceBoot(host, started / 1e6) : undefined,
    path: path.split(':'),
    killMode: properties.get('KillMode') ?? '',
  };
}

/** `Name=value` by line; values of a name that comes more than once are joined by line ends. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(/^(\w+)=(.*)$/gm)) {
    const before = properties.get(name);
    properties.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  return properties;
}

/**
 * As a date. Not systemd's own: that is the clock's at that moment, in whole seconds, and a clock that is set after boot
 * would make a file look newer than it is. The error of this one (10 ms) is to the later side.
 */
async function sinceBoot(host: Host, seconds: number): Promise<Date> {
  const uptime = Number(/^[\d.]+/.exec(String(await host.files.read('/proc/uptime')))?.[0]);
  if (!(uptime > 0))
    throw new StatusError('/proc/uptime: got no number, expected seconds', { reason: 'Failed' });
  return new Date(host.clock.now().getTime() - (uptime - seconds) * 1000);
}
