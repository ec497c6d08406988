import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { STRATEGY_EXTERNAL, STRATEGY_LABEL } from '../../../src/api/labels.ts';
import { INFRASTRUCTURE } from '../../../src/cli/doctor/needs.ts';
import { at } from '../../../src/kubernetes/fields.ts';
import {
  clusterSample,
  controlPlaneSample,
  machineSample,
  type Sample,
} from '../../helpers/operator-objects.ts';
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
        'rights',
      ]),
    );
    expect(findings.every(({ level, remedy }) => level === 'ok' || remedy !== undefined)).toBe(true);
  });

  it('asks what the steps may do with the infrastructure of external upgrades, and of no others', async () => {
    const owner = controlPlaneSample();
    const labels = { ...(owner.metadata['labels'] as JsonObject), [STRATEGY_LABEL]: STRATEGY_EXTERNAL };
    on.put(clusterSample('edge', { labels: {} }), { ...owner, metadata: { ...owner.metadata, labels } });
    const machine = (sample: Sample, kind: string): Sample => ({
      ...sample,
      spec: { clusterName: 'edge', infrastructureRef: { apiGroup: INFRASTRUCTURE, kind, name: 'm' } },
    });
    on.put(machine(machineSample('cp-1'), 'Metal3Machine'));
    on.put(machine(machineSample('md-1', { worker: true }), 'DevMachine'));
    await on.run('doctor');
    const asked = on.server.requests
      .filter(({ path }) => path.endsWith('subjectaccessreviews'))
      .map(({ body }) => at(body, 'spec', 'resourceAttributes'))
      .filter((attributes) => at(attributes as JsonObject, 'group') === INFRASTRUCTURE);
    expect(asked).toEqual([
      { namespace: 'lab', verb: 'patch', group: INFRASTRUCTURE, resource: 'metal3machines' },
    ]);
  });

  it('changes nothing', async () => {
    await on.run('doctor');
    const written = on.server.requests.filter(
      ({ verb, path }) => verb !== 'get' && verb !== 'list' && !path.endsWith('subjectaccessreviews'),
    );
    expect(written).toEqual([]);
  });

  it('ends with a count', async () => {
    const lines = (await on.run('doctor')).stdout.split('\n');
    expect(lines.at(-2)).toMatch(/^errors: \d+, warnings: \d+, not seen: \d+$/);
  });
});
