// What a rollback would do, for people: at most 80 columns. Pure.
import type { MachineView } from '../../hook/store.ts';
import { paint } from '../io.ts';
import { hanging } from '../text.ts';
import type { RollbackPlan } from './decision.ts';

export function rollbackText(machine: MachineView, plan: RollbackPlan, hasColour: boolean): string {
  const style = paint(hasColour);
  const { record, role, undone, stays } = plan;
  const versions =
    record.from === undefined || record.from === record.to ? record.to : `${record.from} to ${record.to}`;
  const head = `${role} ${machine.namespace}/${machine.name}, Node ${machine.nodeName ?? '?'}`;
  const how =
    'The node puts back the files that it kept (/var/lib/refit), the last step first, and restarts what they belong to. ' +
    'It is not drained. The Machine is then marked blocked, since Cluster API is ahead of it: nothing is started on it ' +
    'until `refit retry`.';
  return [
    style.bold(head),
    hanging('', `operation ${record.number} (${versions}) ${record.state}${reason(record.reason)}`),
    '',
    style.bold('UNDONE, in this order'),
    ...undone.map(({ step, what }) => hanging(`  ${step.padEnd(10)}  `, what)),
    '',
    style.bold('NOT UNDONE'),
    ...stays.map((line) => hanging('  ', line)),
    '',
    style.bold('HOW'),
    hanging('  ', how),
    '',
  ].join('\n');
}

/** What the node says of a control plane that was flipped. */
export function lookText(message: string, hasColour: boolean): string {
  return [paint(hasColour).bold('CONTROL PLANE'), hanging('  ', message), ''].join('\n');
}

function reason(text: string | undefined): string {
  return text === undefined ? '' : `: ${text}`;
}
