import type { StepReport } from '../../../api/step-result.ts';

/** What the kubelet keeps of a termination message. */
export const MAX_BYTES = 4096;

/** As JSON that fits: the last changes are left out first, then the end of the message. */
export function fitReport(report: StepReport): string {
  const changes = [...report.result.changes];
  for (;;) {
    const text = JSON.stringify({ ...report, result: { ...report.result, changes } });
    if (Buffer.byteLength(text) <= MAX_BYTES) return text;
    if (changes.pop() === undefined) break;
  }
  let { message } = report.result;
  for (;;) {
    const text = JSON.stringify({ ...report, result: { ...report.result, message, changes: [] } });
    if (Buffer.byteLength(text) <= MAX_BYTES || message.length <= 16) return text;
    message = `${message.slice(0, Math.floor(message.length * 0.8) - 3)}...`;
  }
}
