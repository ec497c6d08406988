// One step with its lines where people look for them: its log file, which launches follow, and the journal.
import type { NodeCommand } from '../../api/commands.ts';
import { logFile } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import type { Site } from './site.ts';

/** @param work is given the host that logs for this step */
export async function performLogged<T>(
  { host, logs, systemd }: Site,
  { operation }: { operation: string },
  step: NodeCommand,
  work: (host: Host) => Promise<T>,
): Promise<T> {
  const sinks = [logs.open(logFile(operation, step)), systemd.journal(`refit-${step}`)];
  const log = (text: string): void => {
    for (const sink of sinks) sink.write(text);
  };
  try {
    return await work(loggingHost(host, log));
  } finally {
    for (const sink of sinks) await sink.end();
  }
}

function loggingHost(host: Host, log: Host['log']): Host {
  return {
    clock: host.clock,
    files: host.files,
    run: (argv, options) => host.run(argv, options),
    http: (request) => host.http(request),
    download: (request) => host.download(request),
    log,
  };
}
