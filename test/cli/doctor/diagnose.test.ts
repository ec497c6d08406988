import { describe, expect, it } from '@jest/globals';
import { diagnose } from '../../../src/cli/doctor/diagnose.ts';
import { doctorText } from '../../../src/cli/doctor/doctor-text.ts';
import { facts, policy } from './samples.ts';

const PIPE = { isTerminal: false, hasColour: false };

describe('diagnose', () => {
  it('has nothing but ok to say where all is well', () => {
    const findings = diagnose(facts());
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(new Set(findings.map(({ check }) => check)).size).toBe(14);
    expect(doctorText(findings, PIPE)).toMatch(/\n\nAll is well\.\n$/);
  });

  it.each([
    'deployments',
    'extensionConfigs',
    'certificate',
    'stepTemplates',
    'policy',
    'imageMap',
    'missing',
    'workflowDefinition',
    'argoConfig',
    'webhook',
    'clusters',
    'machines',
    'controlPlanes',
    'machineDeployments',
  ] as const)('says why it knows nothing where %s may not be read', (key) => {
    const findings = diagnose(facts({ [key]: { unknown: 'GET /x: 403 forbidden' } }));
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'unknown', message: 'GET /x: 403 forbidden' }),
    );
  });
});

it('does not take Clusters that may not be seen for none, nor for good ones', () => {
  const unseen = { unknown: 'GET /x: 403 forbidden' };
  const findings = diagnose(facts({ clusters: unseen, namespaces: [] }));
  expect(findings.map(({ message }) => message)).not.toContain('no Cluster has opted in');
  const clusters = diagnose(facts({ controlPlanes: unseen })).filter(({ check }) => check === 'Clusters');
  expect(clusters.map(({ level }) => level)).toEqual(['unknown']);
});

describe('the text', () => {
  it('is broken at 80 columns in a terminal', () => {
    const changed = facts({
      extensionConfigs: { found: [] },
      policy: { found: policy('onUncovered: replace') },
    });
    const lines = doctorText(diagnose(changed), { ...PIPE, isTerminal: true }).split('\n');
    expect(lines).toContain('error    ExtensionConfig   there is none for the Refit server -> kubectl apply');
    expect(lines).toContain('                           -f dist/refit-server.k8s.yaml');
    expect(lines).toContain('errors: 1, warnings: 1, not seen: 0');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('has one line per finding in a pipe, with its remedy', () => {
    const findings = diagnose(facts({ extensionConfigs: { found: [] } }));
    const lines = doctorText(findings, PIPE).split('\n');
    expect(lines).toHaveLength(findings.length + 3);
    expect(lines).toContain(
      'error    ExtensionConfig   there is none for the Refit server -> kubectl apply -f dist/refit-server.k8s.yaml',
    );
  });

  it('has colour only in a terminal', () => {
    const findings = diagnose(facts());
    expect(doctorText(findings, { isTerminal: true, hasColour: false })).not.toContain('\u001B');
    expect(doctorText(findings, { isTerminal: true, hasColour: true })).toContain('\u001B[32mok\u001B[0m');
  });
});
