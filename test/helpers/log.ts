import type { Log, LogKeys } from '../../src/hook/log.ts';

export interface RecordedLog extends Log {
  entries: { level: 'info' | 'warn' | 'error'; keys: LogKeys; message: string }[];
}

export function recordingLog(): RecordedLog {
  const entries: RecordedLog['entries'] = [];
  const at =
    (level: 'info' | 'warn' | 'error') =>
    (keys: LogKeys, message: string): void =>
      void entries.push({ level, keys, message });
  return { entries, info: at('info'), warn: at('warn'), error: at('error') };
}
