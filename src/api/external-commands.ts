// What an external upgrade does besides the steps on each node: `refit external <command>`, its flags and parameters.

export const EXTERNAL_COMMANDS = ['prepare', 'begin', 'settle', 'release'] as const;
export type ExternalCommand = (typeof EXTERNAL_COMMANDS)[number];

interface ExternalParameter {
  name: string;
  description: string;
  /** Given per Machine: an input of the template, not a parameter of the Workflow. */
  perMachine?: true;
  commands?: readonly ExternalCommand[];
}

/** Parameters that the templates of steps, too, get per Machine when there are several in a Workflow. */
export const MACHINE_PARAMETERS = ['machine', 'operation', 'hash', 'workflow'] as const;

const MACHINE_COMMANDS: readonly ExternalCommand[] = ['begin', 'settle'];

/** Besides these every command gets namespace, workflow and timeout-seconds, and release the status of the Workflow. */
const EXTERNAL_PARAMETERS: readonly ExternalParameter[] = [
  { name: 'cluster', description: 'Cluster that the owner belongs to' },
  { name: 'owner-kind', description: 'KubeadmControlPlane or MachineDeployment' },
  { name: 'owner', description: 'name of the owner of the Machines' },
  { name: 'number', description: 'number of the upgrade of this owner' },
  { name: 'kubernetes-version', description: 'Kubernetes version to reach, like v1.34.3' },
  { name: 'machine', description: 'Machine that is upgraded', perMachine: true, commands: MACHINE_COMMANDS },
  {
    name: 'operation',
    description: 'number of its operation',
    perMachine: true,
    commands: MACHINE_COMMANDS,
  },
  {
    name: 'hash',
    description: 'hash of what its steps are to meet on the Machine',
    perMachine: true,
    commands: MACHINE_COMMANDS,
  },
];

export function externalParameters(command: ExternalCommand): readonly ExternalParameter[] {
  return EXTERNAL_PARAMETERS.filter(({ commands }) => commands === undefined || commands.includes(command));
}

/** Seconds for the work itself. `release` first waits for nodes that are told to stop. */
export const EXTERNAL_TIMEOUTS: Readonly<Record<ExternalCommand, number>> = {
  prepare: 300,
  begin: 120,
  settle: 120,
  release: 2400,
};
