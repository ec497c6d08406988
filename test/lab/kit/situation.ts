// What is known of a Cluster that does not come to rest: for the message of a story that waited in vain.
import { owners } from './owners.ts';
import type { Site } from './site.ts';
import { type Machine, machines, refusal, type Workflow, workflows } from './state.ts';

const ENDED = ['Succeeded', 'Failed', 'Error'];

export async function situation(site: Site, cluster: string): Promise<string[]> {
  const present = await machines(site, cluster);
  const machineLines = await Promise.all(present.map((machine) => aboutMachine(site, machine)));
  return [
    ...(await owners(site, cluster)).map(
      ({ kind, name, conditions }) => `${kind} ${name}: ${conditions['RollingOut']?.message ?? ''}`,
    ),
    ...machineLines.flat(),
    ...(await unfinished(site, present)).map(
      ({ name, phase, message = '', running }) =>
        `Workflow ${name}: ${phase} ${message} ${running.join(', ')}`,
    ),
  ].map((line) => `  ${line}`);
}

/** Workflows of these Machines that go on. */
export async function unfinished(site: Site, present: readonly Machine[]): Promise<Workflow[]> {
  const isTheirs = ({ machineUid }: Workflow) => present.some(({ uid }) => uid === machineUid);
  return (await workflows(site)).filter((one) => isTheirs(one) && !ENDED.includes(one.phase));
}

async function aboutMachine(site: Site, machine: Machine): Promise<string[]> {
  const { name, conditions, operation } = machine;
  const { status, reason, message } = conditions['Updating'] ?? {};
  const blocked = await refusal(site, machine);
  return [
    `Machine ${name}: Updating ${status} ${reason} ${message}; operation ${JSON.stringify(operation)}`,
    ...(blocked === undefined ? [] : [`Machine ${name}: ${blocked}`]),
  ];
}
