// What stories assert of Machines before and after: who they are, what CAPI says of them, what Refit did to them.
import { operationName } from '../../../src/api/names.ts';
import type { Role } from '../../../src/api/steps.ts';
import type { LabCluster } from './cluster.ts';
import type { Site } from './site.ts';
import { type Machine, machines, type Workflow, workflows } from './state.ts';

export interface Summary {
  name: string;
  uid: string;
  version: string;
  kubeletVersion: string | undefined;
  /** Status of CAPI's conditions. */
  conditions: Record<(typeof CONDITIONS)[number], string | undefined>;
  /** Of the record, like `1 succeeded`. */
  operation: string | undefined;
  /** Every Workflow there ever was for it, with its phase. */
  workflows: readonly string[];
}

const CONDITIONS = ['Ready', 'Available', 'UpToDate', 'Updating'] as const;

/** By name; of one role, or of both. */
export async function summaries(site: Site, { name }: LabCluster, role?: Role): Promise<Summary[]> {
  const all = await workflows(site);
  return (await machines(site, name, role)).map((machine) => summary(machine, all));
}

/** Of one MachineDeployment. */
export async function summariesOf(site: Site, cluster: LabCluster, deployment: string): Promise<Summary[]> {
  const workers = await summaries(site, cluster, 'worker');
  return workers.filter(({ name }) => name.startsWith(`${deployment}-`));
}

function summary(machine: Machine, all: readonly Workflow[]): Summary {
  const { name, uid, version, kubeletVersion, conditions, operation } = machine;
  return {
    ...{ name, uid, version, kubeletVersion },
    conditions: Object.fromEntries(
      CONDITIONS.map((type) => [type, conditions[type]?.status]),
    ) as Summary['conditions'],
    operation: operation && `${operation.number} ${operation.state}`,
    workflows: all.filter(({ machineUid }) => machineUid === uid).map((one) => `${one.name} ${one.phase}`),
  };
}

/** After one more update in place that was its owner's upgrade by Refit: the Workflow is the owner's. */
export function externally(before: Summary, version = before.version): Summary {
  const number = Number(before.operation?.split(' ')[0] ?? 0) + 1;
  return { ...before, version, kubeletVersion: version, operation: `${number} succeeded` };
}

/** The summary that is expected after one more update in place: the same Machine, and one more Workflow. */
export function inPlace(before: Summary, version = before.version): Summary {
  const number = before.workflows.length + 1;
  return {
    ...before,
    ...{ version, kubeletVersion: version },
    operation: `${number} succeeded`,
    workflows: [...before.workflows, `${operationName(before, number)} Succeeded`],
  };
}
