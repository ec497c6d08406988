import { describe, expect, it } from '@jest/globals';
import type { ITemplate } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Template';
import {
  FINISH_FLAGS,
  STEP_COMMANDS,
  STEP_OUTPUTS,
  stepParameters,
  WORKFLOW_FLAGS,
} from '../../src/api/commands.ts';
import { stepTemplates } from '../../src/generators/step-templates.ts';

const image = `registry.example.com/refit@sha256:${'a'.repeat(64)}`;
const { metadata, spec } = stepTemplates({ version: '0.1.0', image });
const templates = spec.templates ?? [];

function template(name: string): ITemplate {
  return templates.find((candidate) => candidate.name === name)!;
}

describe('stepTemplates', () => {
  it('is named after the version, so that running operations keep theirs', () => {
    expect(metadata.name).toBe('refit-steps-0-1-0');
  });

  it('has one template per step command', () => {
    expect(templates.map(({ name }) => name)).toEqual(STEP_COMMANDS);
  });

  it('declares no parameter both for the Workflow and for a template: the Argo UI would send it twice', () => {
    const ofWorkflow = spec.arguments?.parameters?.map(({ name }) => name) ?? [];
    const ofTemplates = templates.flatMap(({ inputs }) => inputs?.parameters?.map(({ name }) => name) ?? []);
    expect(ofWorkflow.filter((name) => ofTemplates.includes(name))).toEqual([]);
  });

  it('needs only Cluster and Machine when used by hand', () => {
    const parameters = spec.arguments?.parameters ?? [];
    expect(parameters.filter(({ value }) => value === undefined).map(({ name }) => name)).toEqual([
      'cluster',
      'machine',
    ]);
    expect(parameters.filter(({ description }) => !description)).toEqual([]);
  });

  it('runs under the account of step pods when used by hand', () => {
    expect(spec.serviceAccountName).toBe('refit-workflow');
  });
});

describe.each(STEP_COMMANDS)('the template %s', (command) => {
  const { container, inputs, outputs, ...rest } = template(command);

  it('gives its container every flag of the contract once, as one item with its value', () => {
    const fixed = [
      ...Object.keys(WORKFLOW_FLAGS),
      ...(command === 'finish' ? Object.keys(FINISH_FLAGS) : []),
    ];
    const expected = [...fixed, ...stepParameters(command).map(({ name }) => name)];
    const [verb, name, ...flags] = container?.args ?? [];
    expect([verb, name]).toEqual(['step', command]);
    expect(flags.map((flag) => /^--([a-z0-9-]+)=\{\{[a-z0-9.-]+\}\}$/.exec(flag)?.[1])).toEqual(expected);
  });

  it('declares every input that it uses, described and with a default', () => {
    const used = new Set(
      [...JSON.stringify(template(command)).matchAll(/\{\{inputs\.parameters\.([^}]+)\}\}/g)].map(
        ([, name]) => name,
      ),
    );
    const declared = inputs?.parameters ?? [];
    expect(declared.map(({ name }) => name).sort()).toEqual([...used].sort());
    expect(declared.filter((parameter) => !parameter.description || parameter.default === undefined)).toEqual(
      [],
    );
  });

  it('has a deadline above its timeout', () => {
    const seconds = (name: string) =>
      Number(inputs?.parameters?.find((parameter) => parameter.name === name)?.default);
    expect(rest.activeDeadlineSeconds).toBe('{{inputs.parameters.deadline-seconds}}');
    expect(seconds('deadline-seconds')).toBeGreaterThan(seconds('timeout-seconds'));
  });

  it('has its outputs with defaults: a missing file must not hide why the step failed', () => {
    const names = ['message', 'result', ...(STEP_OUTPUTS[command] ?? [])];
    expect(outputs?.parameters?.map(({ name }) => name)).toEqual(names);
    for (const { name, valueFrom } of outputs?.parameters ?? []) {
      expect(valueFrom).toEqual({ path: `/tmp/refit/${name}`, default: expect.any(String) });
    }
  });

  it('tries again only what may pass', () => {
    expect(rest.retryStrategy).toMatchObject({ limit: '5', retryPolicy: 'Always', backoff: { factor: '2' } });
    expect(rest.retryStrategy?.expression).toBe(
      "lastRetry.status == 'Error' || (lastRetry.exitCode != '1' && lastRetry.exitCode != '2')",
    );
  });

  it('is an unprivileged pod of an image by digest', () => {
    expect(container).toMatchObject({ name: 'main', image, command: ['refit'] });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(rest.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(rest.podSpecPatch).toBeUndefined();
  });

  it('can write only where its outputs go', () => {
    const writable = container?.volumeMounts
      ?.filter(({ readOnly }) => !readOnly)
      .map(({ mountPath }) => mountPath);
    expect(writable).toEqual(['/tmp/refit']);
  });
});
