// What an upgrade of one owner would do: which Machines, which steps, which Workflows. Pure.
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import { stringify } from 'yaml';
import { STRATEGY_EXTERNAL } from '../../api/labels.ts';
import type { Policy } from '../../api/policy.ts';
import { externalUpgradeWorkflow } from '../../generators/external-upgrade.ts';
import { updateMachineWorkflow } from '../../generators/update-machine.ts';
import { text } from '../../kubernetes/fields.ts';
import { decideExternal, type ExternalSituation, type MachineUpgrade } from '../../plan/external.ts';
import { hanging } from '../text.ts';
import type { Stage } from './decision.ts';
import { stageLine } from './text.ts';

export interface PreviewInput {
  stage: Stage;
  /** With the owner as it would be after its edit. */
  situation: ExternalSituation;
  policy: Policy;
  /** Of Refit. */
  version: string;
  /** Of the owner's next upgrade. */
  number: number;
}

export type Preview = { stage: Stage } & (
  | { declined: string }
  | { upgrades: readonly MachineUpgrade[]; upToDate: readonly string[]; workflows: IWorkflow[] }
);

export function preview(input: PreviewInput): Preview {
  const { stage, situation, policy } = input;
  const decision = decideExternal(situation, policy);
  if ('declined' in decision) return { stage, declined: decision.declined };
  return { stage, ...decision, workflows: workflows(input, decision.upgrades) };
}

/** By Refit one for the owner, by Cluster API one for each Machine. */
function workflows(
  { stage, situation, policy, version, number }: PreviewInput,
  upgrades: readonly MachineUpgrade[],
): IWorkflow[] {
  const { ask, owner } = situation;
  if (upgrades.length === 0) return [];
  if (stage.door === STRATEGY_EXTERNAL) {
    const apiVersion = text(owner, 'apiVersion') ?? '';
    return [externalUpgradeWorkflow({ ask, apiVersion, number, upgrades, policy, version })];
  }
  return upgrades.map(({ name, uid, nodeName, number: operation, plan, from }) =>
    updateMachineWorkflow({
      machine: { namespace: ask.namespace, name, uid, cluster: ask.cluster, nodeName },
      number: operation,
      plan,
      policy,
      version,
      ...(from === undefined ? {} : { from }),
    }),
  );
}

/** YAML: the plan as a comment, the Workflows as documents. */
export function previewText(shown: Preview): string {
  const lines = [hanging('# ', stageLine(shown.stage)).replaceAll('\n  ', '\n# ')];
  const line = (heading: string, what: string): void =>
    void lines.push(hanging(`#   ${heading}: `, what).replaceAll('\n ', '\n#'));
  if ('declined' in shown) {
    line('declined', shown.declined);
    return `${lines.join('\n')}\n`;
  }
  for (const { name, plan } of shown.upgrades) line(name, plan.steps.map((step) => step.name).join(', '));
  for (const name of shown.upToDate) line(name, 'up to date');
  const documents = shown.workflows.map((workflow) => `---\n${stringify(workflow, { lineWidth: 0 })}`);
  return `${lines.join('\n')}\n${documents.join('')}`;
}
