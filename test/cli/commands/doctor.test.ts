import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { operatorSite, type OperatorSite } from '../../helpers/operator-site.ts';

let on: OperatorSite;
beforeEach(async () => void (on = await operatorSite()));
afterEach(() => on.end());

describe('refit doctor', () => {
  it('finds, in an empty cluster, that nothing is installed, and ends with 1', async () => {
    const { code, stdout } = await on.run('doctor', '-o', 'json');
    expect(code).toBe(EXIT.failed);
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    const errors = findings.filter(({ level }) => level === 'error').map(({ check }) => check);
    expect(new Set(errors)).toEqual(
      new Set([
        'custom resources',
        'step templates',
        'Refit server',
        'certificate',
        'ExtensionConfig',
        'policy',
        'webhook',
        'image map',
      ]),
    );
    expect(findings.every(({ level, remedy }) => level === 'ok' || remedy !== undefined)).toBe(true);
  });

  it('changes nothing', async () => {
    await on.run('doctor');
    const written = on.server.requests.filter(
      ({ verb, path }) => verb !== 'get' && verb !== 'list' && !path.endsWith('subjectaccessreviews'),
    );
    expect(written).toEqual([]);
  });

  it('fits 80 columns', async () => {
    const lines = (await on.run('doctor')).stdout.split('\n');
    expect(lines.filter(({ length }) => length > 80)).toEqual([]);
    expect(lines.at(-2)).toMatch(/^errors: \d+, warnings: \d+, not seen: \d+$/);
  });
});
