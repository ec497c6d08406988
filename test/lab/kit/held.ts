// Machines in the middle of an operation.
import type { StepName } from '../../../src/api/steps.ts';
import { eventually } from '../../helpers/eventually.ts';
import type { LabCluster } from './cluster.ts';
import type { Site } from './site.ts';
import { type Machine, machines, workflows } from './state.ts';
import { isAt } from './steps.ts';

/** The first one whose operation is at that step: the script must hold it there. */
export async function machineAt(site: Site, cluster: LabCluster, step: StepName): Promise<Machine> {
  const [first] = await machinesAt(site, cluster, step, 1);
  return first as Machine;
}

/** So many. */
export async function machinesAt(
  site: Site,
  { name }: LabCluster,
  step: StepName,
  count: number,
): Promise<Machine[]> {
  let found: Machine[] = [];
  const look = async () => {
    const at = (await workflows(site)).filter(({ running }) => isAt(step, running));
    const present = await machines(site, name);
    found = present.filter(({ uid }) => at.some(({ machineUid }) => machineUid === uid));
    return found.length >= count || `got ${found.length}, expected ${count}`;
  };
  await eventually(`Machines of ${name} at step ${step}`, look, 90);
  return found;
}
