// Bounds what a step asks of the machine by the time that the step has left.
import { StatusError } from '../../api/errors.ts';
import { DEFAULT_COMMAND_SECONDS } from './command.ts';
import type { Host } from './host.ts';

/** The same machine; no command and no request lasts longer than until then (Clock.monotonic). Errors: Failed after it. */
export function withDeadline(host: Host, deadline: number): Host {
  const bounded = (what: string, seconds: number): { timeoutSeconds: number } => {
    const left = deadline - host.clock.monotonic();
    if (left <= 0) throw new StatusError(`${what}: not begun, the time is over`, { reason: 'Failed' });
    return { timeoutSeconds: Math.min(seconds, left) };
  };
  return {
    clock: host.clock,
    files: host.files,
    run: async (argv, options = {}) =>
      host.run(argv, {
        ...options,
        ...bounded(argv[0], options.timeoutSeconds ?? DEFAULT_COMMAND_SECONDS),
      }),
    http: async (request) =>
      host.http({ ...request, ...bounded(request.method ?? 'GET', request.timeoutSeconds) }),
    download: async (request) =>
      host.download({ ...request, ...bounded(request.method ?? 'GET', request.timeoutSeconds) }),
    log: (line) => host.log(line),
  };
}
