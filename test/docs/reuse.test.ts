import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { ITemplate } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Template';
import { parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { stepTemplates } from '../../src/generators/step-templates.ts';

const FILE = new URL('../../docs/examples/renew-certificates.yaml', import.meta.url);
const image = `registry.example.com/refit@sha256:${'a'.repeat(64)}`;
const steps = stepTemplates({ version: packageJson.version, image });

interface Task {
  name: string;
  templateRef: { name: string; template: string; clusterScope: boolean };
}
interface WorkflowTemplate {
  metadata: { name: string };
  spec: {
    serviceAccountName: string;
    arguments: { parameters: { name: string; value?: string }[] };
    hooks: { exit: { templateRef: Task['templateRef'] } };
    synchronization: unknown;
    templates: { dag: { tasks: Task[] } }[];
  };
}
interface CronWorkflow {
  spec: {
    workflowSpec: {
      workflowTemplateRef: { name: string };
      arguments: { parameters: { name: string; value: string }[] };
    };
  };
}

const [template, cron] = parseAllDocuments(readFileSync(FILE, 'utf8')).map(
  (document) => document.toJS() as unknown,
) as [WorkflowTemplate, CronWorkflow];
const refs = [
  ...template.spec.templates.flatMap(({ dag }) => dag.tasks.map((task) => task.templateRef)),
  template.spec.hooks.exit.templateRef,
];

describe('the example of the reuse guide', () => {
  it.each(refs.map((ref) => [ref.template, ref] as const))(
    'refers to the template %s as it is shipped',
    (name, ref) => {
      expect(ref).toMatchObject({ name: steps.metadata?.name, clusterScope: true });
      expect(templateOf(name)).toBeDefined();
    },
  );

  it('has every parameter that these templates read, with the default that they have', () => {
    const read = new Set(
      refs.flatMap(({ template: name }) =>
        [...JSON.stringify(templateOf(name)).matchAll(/\{\{workflow\.parameters\.([\w-]+)\}\}/g)].map(
          ([, parameter]) => parameter,
        ),
      ),
    );
    const { parameters } = template.spec.arguments;
    expect(new Set(parameters.map(({ name }) => name))).toEqual(read);
    const shipped = new Map(steps.spec.arguments?.parameters?.map(({ name, value }) => [name, value]));
    for (const { name, value } of parameters) expect(value).toBe(shipped.get(name));
  });

  it('waits for updates of the control plane, runs as they do, and always ends with finish', () => {
    expect(template.spec.synchronization).toEqual({
      mutexes: [{ name: '{{workflow.parameters.cluster}}-control-plane' }],
    });
    expect(template.spec.serviceAccountName).toBe(steps.spec.serviceAccountName);
    expect(template.spec.hooks.exit.templateRef.template).toBe('finish');
  });

  it('is what the CronWorkflow runs, with all that has no default', () => {
    const { workflowTemplateRef, arguments: given } = cron.spec.workflowSpec;
    expect(workflowTemplateRef.name).toBe(template.metadata.name);
    const missing = template.spec.arguments.parameters.filter(({ value }) => value === undefined);
    expect(given.parameters.map(({ name }) => name)).toEqual(missing.map(({ name }) => name));
  });
});

function templateOf(name: string): ITemplate | undefined {
  return steps.spec.templates?.find((candidate) => candidate.name === name);
}
