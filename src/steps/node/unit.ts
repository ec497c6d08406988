// From which files systemd made a unit, and what it starts.
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { parseProperties } from './service.ts';

export interface Unit {
  /** undefined: systemd knows no such unit. */
  program: string | undefined;
  arguments: readonly string[];
  /** Unit file, then drop-ins. */
  files: readonly string[];
  environmentFiles: readonly string[];
}

const PROPERTIES = 'LoadState,ExecStart,FragmentPath,DropInPaths,EnvironmentFiles';

/** Errors: StatusError Failed. */
export async function inspectUnit(host: Host, name: string): Promise<Unit> {
  const { code, stdout, stderr } = await host.run(['systemctl', 'show', '-p', PROPERTIES, `${name}.service`]);
  if (code === 0) return parseUnit(stdout);
  throw new StatusError(`systemctl show ${name}.service: got exit code ${code}: ${stderr.trim()}`, {
    reason: 'Failed',
  });
}

/** Of `systemctl show`. */
export function parseUnit(text: string): Unit {
  const properties = parseProperties(text);
  const values = (name: string, separator: string): string[] =>
    (properties.get(name) ?? '').split(separator).filter((value) => value !== '');
  const execStart = properties.get('ExecStart') ?? '';
  const isLoaded = properties.get('LoadState') === 'loaded';
  return {
    program: isLoaded ? /(?:^|\s)path=(.+?) ; /.exec(execStart)?.[1] : undefined,
    arguments: (/ argv\[\]=(.+?) ; /.exec(execStart)?.[1] ?? '').split(' ').slice(1),
    files: [...values('FragmentPath', '\n'), ...values('DropInPaths', ' ')],
    environmentFiles: values('EnvironmentFiles', '\n').map((line) =>
      line.replace(/ \(ignore_errors=\w+\)$/, ''),
    ),
  };
}
