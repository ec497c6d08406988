import { describe, expect, it } from '@jest/globals';
import { rollbackLookWorkflow, rollbackWorkflow, type RollbackInput } from '../../src/generators/rollback.ts';
import { stepTemplates } from '../../src/generators/step-templates.ts';
import { expectGolden, toYaml } from '../helpers/golden.ts';

const input: RollbackInput = {
  machine: {
    namespace: 'lab',
    name: 'lab-control-plane-wvb7f',
    uid: '1a9d4e70-3c52-4b8f-8e61-7f0a2b3c4d5e',
    cluster: 'lab',
  },
  role: 'control-plane',
  number: 3,
  attempt: 1,
  dataLoss: 'accept',
  to: 'v1.33.7',
  stepTemplates: 'refit-steps-0-1-0',
  retentionSeconds: 86_400,
};
const templates = stepTemplates({ version: '0.1.0', image: `refit@sha256:${'a'.repeat(64)}` });

describe('rollbackWorkflow', () => {
  it('is the golden file', () => {
    expectGolden('generators/rollback-workflow.yaml', toYaml(rollbackWorkflow(input)));
  });

  it('gives every parameter of the Workflow that its step refers to', () => {
    const { spec } = rollbackWorkflow(input);
    const given = spec.arguments?.parameters?.map(({ name }) => name);
    const step = templates.spec.templates?.find(({ name }) => name === 'rollback');
    const used = [...JSON.stringify(step).matchAll(/\{\{workflow\.parameters\.([^}]+)\}\}/g)].map(
      ([, name]) => name,
    );
    expect(used.length).toBeGreaterThan(0);
    expect(given?.sort()).toEqual([...new Set(used)].sort());
  });

  it('takes its turn among the machines of a control plane; workers need not', () => {
    expect(rollbackWorkflow(input).spec.synchronization).toEqual({
      mutexes: [{ name: 'lab-control-plane' }],
    });
    expect(rollbackWorkflow({ ...input, role: 'worker' }).spec).not.toHaveProperty('synchronization');
  });

  it('has a name of its own for each try, however long that of the Machine', () => {
    const machine = { ...input.machine, name: 'a'.repeat(80) };
    const names = [1, 2].map(
      (attempt) => rollbackWorkflow({ ...input, machine, attempt }).metadata?.name ?? '',
    );
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => name.length <= 63)).toBe(true);
  });
});

describe('rollbackLookWorkflow', () => {
  const look = rollbackLookWorkflow(input, new Date('2026-01-01T12:00:00Z'));

  it('is taken neither for a rollback nor for an operation, and only looks', () => {
    expect(Object.keys(look.metadata?.labels ?? {})).toEqual([
      'cluster.x-k8s.io/cluster-name',
      'capi-refit.io/machine',
    ]);
    expect(look.spec.templates?.[0]?.dag?.tasks[0]?.arguments?.parameters).toEqual([
      { name: 'data-loss', value: 'look' },
    ]);
  });

  it('has another name each time', () => {
    const later = rollbackLookWorkflow(input, new Date('2026-01-01T12:00:01Z'));
    expect(look.metadata?.name).toMatch(/-3-look-\d+$/);
    expect(later.metadata?.name).not.toBe(look.metadata?.name);
  });
});
