// The log of a node Job's container in the log of the step pod: each line once, however often the connection breaks.
import { idleTimeout } from '../../kubernetes/timeouts.ts';
import { CONTAINER } from './node-job.ts';
import { logPath } from './paths.ts';
import type { Remote } from './remote.ts';
import { REPORT_LINE } from '../../api/step-result.ts';

/** A connection that died without a word looks like a log that is silent: it is opened again. */
const SILENCE_SECONDS = 60;

export interface PodLog {
  /** Reads on until the log ends, breaks or is silent. Errors: Unavailable, or what the API server says. */
  read(options: { follow: boolean; signal?: AbortSignal }): Promise<void>;
  /** The text of the last report line. */
  lastReport(): string | undefined;
}

interface Mark {
  stamp: string;
  /** Nanoseconds. */
  time: bigint;
  /** How many lines of that time, this one included. */
  lines: number;
}

/** `reported` is called at each report line. */
export function podLog(
  { workload, clock, log, signal: stopped }: Remote,
  pod: string,
  reported: () => void = () => undefined,
): PodLog {
  let report: string | undefined;
  let last: Mark | undefined;

  function give(content: string): void {
    if (!content.startsWith(REPORT_LINE)) return log(content);
    report = content.slice(REPORT_LINE.length);
    reported();
  }

  return {
    lastReport: () => report,
    async read({ follow, signal = stopped }) {
      const timeout = idleTimeout(clock, SILENCE_SECONDS, signal);
      const from = last;
      const query = {
        container: CONTAINER,
        timestamps: true,
        follow,
        // It knows whole seconds only: some of what was given comes once more.
        ...(from === undefined ? {} : { sinceTime: from.stamp.replace(/\.\d+/, '') }),
      };
      let mark: Mark | undefined;
      try {
        for await (const line of workload.lines(logPath(pod), query, timeout.signal)) {
          timeout.touch();
          const { stamp, content } = split(line);
          mark = next(stamp, mark);
          if (mark === undefined || from === undefined || isAfter(mark, from)) give(content);
          if (mark !== undefined && (last === undefined || isAfter(mark, last))) last = mark;
        }
      } catch (error) {
        if (signal.aborted || !timeout.signal.aborted) throw error;
      } finally {
        timeout.stop();
      }
    },
  };
}

function split(line: string): { stamp: string; content: string } {
  const end = line.indexOf(' ');
  const stamp = end < 0 ? line : line.slice(0, end);
  if (nanoseconds(stamp) === undefined) return { stamp: '', content: line };
  return { stamp, content: end < 0 ? '' : line.slice(end + 1) };
}

function next(stamp: string, before: Mark | undefined): Mark | undefined {
  const time = nanoseconds(stamp);
  if (time === undefined) return before;
  return { stamp, time, lines: before?.time === time ? before.lines + 1 : 1 };
}

function isAfter(mark: Mark, other: Mark): boolean {
  return mark.time > other.time || (mark.time === other.time && mark.lines > other.lines);
}

/** RFC 3339 with up to nine digits of a second. */
function nanoseconds(stamp: string): bigint | undefined {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[-+]\d\d:\d\d)$/.exec(stamp);
  if (!found) return undefined;
  const [, second = '', fraction = '', zone = 'Z'] = found;
  return BigInt(Date.parse(`${second}${zone}`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
