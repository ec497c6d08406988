// Reads the log of the pod that counts in the background, opens it again when it breaks, and to the end when that came.
import { StatusError } from '../../api/errors.ts';
import type { PodView } from './job-view.ts';
import { podLog, type PodLog } from './pod-log.ts';
import type { Remote } from './remote.ts';

export interface LogFollower {
  /** Of a pod that runs: reads on, unless it does already. */
  follow(pod: PodView): void;
  /** Of a pod that ended: what is left. The text of the last report line, if there was one. */
  finish(pod: PodView): Promise<string | undefined>;
  /** Of the pod that is followed: the text of the last report line so far. */
  lastReport(): string | undefined;
  /** Resolves when it is time to look again: at a report, at the end of the log, or after so many seconds without one. */
  wait(seconds: number): Promise<void>;
  stop(): void;
}

const LOOK_SECONDS_WHILE_READING = 10;
/** The pod shows the end of its container a little after its log does. */
const LOOK_SECONDS_AFTER_END = 0.25;
/** How long a stream may take to notice that its container has ended. */
const END_SECONDS = 5;
const TRIES = 3;
const PAUSE_SECONDS = 2;

interface Reader {
  uid: string;
  log: PodLog;
  reported: AbortController;
  /** undefined: not being read. */
  reading: Promise<StatusError | undefined> | undefined;
  /** Of what reads on. */
  stop: AbortController;
}

export function logFollower(remote: Remote): LogFollower {
  const { clock, log, signal } = remote;
  const told = new Set<string>();
  let current: Reader | undefined;

  function of(pod: PodView): Reader {
    if (current?.uid !== pod.uid) {
      current?.stop.abort();
      const [stop, reported] = [new AbortController(), new AbortController()];
      const log = podLog(remote, pod.name, () => reported.abort());
      current = { uid: pod.uid, log, reported, reading: undefined, stop };
    }
    return current;
  }

  /** undefined: to its end. */
  async function read({ log: from, stop }: Reader, follow: boolean): Promise<StatusError | undefined> {
    try {
      await from.read({ follow, signal: follow ? AbortSignal.any([stop.signal, signal]) : signal });
      return undefined;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const isNews = !told.has(error.message) && !stop.signal.aborted;
      if (isNews) log(`the log of the node breaks off: ${error.message}`);
      told.add(error.message);
      return error;
    }
  }

  return {
    follow(pod) {
      const reader = of(pod);
      reader.reading ??= read(reader, true).finally(() => (reader.reading = undefined));
    },
    async finish(pod) {
      const reader = of(pod);
      if (reader.reading) await within(END_SECONDS, reader.reading);
      reader.stop.abort();
      for (let left = TRIES; left > 0; left -= 1) {
        if ((await read(reader, false))?.reason !== 'Unavailable') break;
        await clock.sleep(PAUSE_SECONDS, signal);
      }
      return reader.log.lastReport();
    },
    lastReport: () => current?.log.lastReport(),
    async wait(seconds) {
      if (!current?.reading) return clock.sleep(seconds, signal);
      const { reading, reported } = current;
      if (reported.signal.aborted) return clock.sleep(LOOK_SECONDS_AFTER_END, signal);
      const end = await within(LOOK_SECONDS_WHILE_READING, reading, reported.signal);
      if (end !== 'later') await clock.sleep(end ? seconds : LOOK_SECONDS_AFTER_END, signal);
    },
    stop: () => current?.stop.abort(),
  };

  async function within<T>(seconds: number, reading: Promise<T>, sooner = signal): Promise<T | 'later'> {
    const waited = new AbortController();
    const until = AbortSignal.any([waited.signal, signal, sooner]);
    const later = clock.sleep(seconds, until).then(() => 'later' as const);
    const first = await Promise.race([reading, later]);
    waited.abort();
    return first;
  }
}
