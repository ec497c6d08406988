import { describe, expect, it } from '@jest/globals';
import { stepReportSchema } from '../../../../src/api/step-result.ts';
import { fitReport, MAX_BYTES } from '../../../../src/steps/launcher/enter/fit-report.ts';
import { sampleReport } from '../samples.ts';

const changes = (count: number) =>
  Array.from({ length: count }, (_none, index) => ({ what: `/etc/file-${index}` }));

describe('fitReport', () => {
  it('leaves a short report as it is', () => {
    const report = sampleReport();
    expect(JSON.parse(fitReport(report))).toEqual(report);
  });

  it('leaves out the last changes first', () => {
    const report = sampleReport({ changes: changes(500) }, { 'plan-sha256': 'f'.repeat(64) });
    const text = fitReport(report);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_BYTES);
    const fitted = stepReportSchema.parse(JSON.parse(text));
    expect(fitted.result.changes.length).toBeGreaterThan(50);
    expect(fitted.result.changes).toEqual(changes(fitted.result.changes.length));
    expect(fitted).toMatchObject({ outputs: report.outputs, result: { message: report.result.message } });
  });

  it.each(['x', 'ü', '"'])('then cuts the message, counted in bytes: %s', (letter) => {
    const text = fitReport(sampleReport({ changes: changes(3), message: letter.repeat(9000) }));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_BYTES);
    const { result } = stepReportSchema.parse(JSON.parse(text));
    expect(result.changes).toEqual([]);
    expect(result.message).toMatch(new RegExp(`^${letter}{100,}\\.\\.\\.$`));
  });
});
