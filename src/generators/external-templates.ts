// The ClusterWorkflowTemplate of external upgrades: the steps with their Machine as input, and what is done around them.
import type { IClusterWorkflowTemplate } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/ClusterWorkflowTemplate';
import type { ITemplate } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Template';
import { FINISH_FLAGS, WORKFLOW_FLAGS } from '../api/commands.ts';
import {
  EXTERNAL_COMMANDS,
  EXTERNAL_TIMEOUTS,
  externalParameters,
  MACHINE_PARAMETERS,
  type ExternalCommand,
} from '../api/external-commands.ts';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../api/labels.ts';
import { STEP_NAMES } from '../api/steps.ts';
import { externalTemplatesName } from './names.ts';
import { commandTemplate, stepTemplate, type StepTemplatesInput } from './step-templates.ts';

export function externalTemplates({ version, image }: StepTemplatesInput): IClusterWorkflowTemplate {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ClusterWorkflowTemplate',
    metadata: {
      name: externalTemplatesName(version),
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      annotations: {
        'workflows.argoproj.io/title': `Refit ${version}: steps of an upgrade of all Machines of an owner`,
        'workflows.argoproj.io/description': DESCRIPTION,
      },
    },
    spec: {
      serviceAccountName: WORKFLOW_SERVICE_ACCOUNT,
      templates: [
        ...EXTERNAL_COMMANDS.map((command) => externalTemplate(command, image)),
        ...STEP_NAMES.map((name) => stepTemplate(name, image, MACHINE_PARAMETERS)),
      ],
    },
  };
}

const DESCRIPTION =
  'Used by Workflows that Refit makes. For use by hand take the templates of `refit-steps`, which need no owner.';

const DESCRIPTIONS: Readonly<Record<ExternalCommand, string>> = {
  prepare:
    'Checks that the owner is still held and asks for the same; pauses its MachineSets; on a control plane writes ' +
    'kubeadm-config and the permissions of kubeadm, as the control-plane provider would.',
  begin: 'Writes the operation record and the wanted bootstrap configuration of the Machine.',
  settle: 'Writes version and infrastructure of the Machine, so that Cluster API finds it up to date.',
  release:
    'Runs after the Workflow whatever happened: ends what is unfinished, records how it ended, and takes the pause ' +
    'from the owner if Cluster API would replace nothing then.',
};

function externalTemplate(command: ExternalCommand, image: string): ITemplate {
  const own = externalParameters(command);
  const fixed = { ...WORKFLOW_FLAGS, ...(command === 'release' ? FINISH_FLAGS : {}) };
  const timeout = EXTERNAL_TIMEOUTS[command];
  const inputs = own.filter(({ perMachine }) => perMachine);
  return commandTemplate({
    name: command,
    description: DESCRIPTIONS[command],
    args: [
      'external',
      command,
      ...Object.entries(fixed).map(([name, value]) => `--${name}=${value}`),
      ...own.map(
        ({ name, perMachine }) => `--${name}={{${perMachine ? 'inputs' : 'workflow'}.parameters.${name}}}`,
      ),
      `--timeout-seconds=${timeout}`,
    ],
    inputs: [
      ...inputs.map(({ name, description }) => ({ name, description })),
      {
        name: 'deadline-seconds',
        description: 'longest time for the pod of one try',
        default: String(timeout + SLACK_SECONDS),
      },
    ],
    outputs: [],
    image,
  });
}

/** A workload cluster whose API is away for 15 minutes is waited for. */
const SLACK_SECONDS = 1200;
