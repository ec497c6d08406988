// By hand, on the machine: end an operation at its next safe boundary.
import { badInput } from '../../api/errors.ts';
import { operationFolder } from '../host/folders.ts';
import { markCancelled } from './finish.ts';
import type { Site } from './site.ts';
import { isWorking } from './systemd.ts';
import { operationUnit, operationUnitFile } from './units.ts';

/** For people: what happens now. Errors: BadInput when there is no such operation on this node. */
export async function cancel(site: Site, operation: string): Promise<string> {
  const { host, systemd } = site;
  if ((await host.files.status(operationFolder(operation)))?.kind !== 'folder') {
    throw badInput('operation', operation, 'one that this node knows, see refit host status');
  }
  await markCancelled(site, operation);
  return site.guard.hold(async () => {
    const unit = operationUnit(operation);
    const [state] = await systemd.states([unit]);
    if (state && isWorking(state)) return `operation ${operation}: ends when its present step has ended`;
    if ((await host.files.status(operationUnitFile(operation))) === undefined) {
      return `operation ${operation}: not at work on this node; none of its steps begins any more`;
    }
    // One that waits after a reboot, or failed too often, frees the node by itself.
    await systemd.start(unit);
    return `operation ${operation}: ends now`;
  });
}
