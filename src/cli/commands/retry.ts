// `refit retry`: failed operations are done again, as new ones.
import { EXIT } from '../../api/commands.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { knownRecord } from '../../api/operation.ts';
import {
  KUBEADM_CONTROL_PLANES,
  MACHINE_DEPLOYMENTS,
  MACHINES,
  type Resource,
} from '../../hook/kubernetes/resources.ts';
import { machineView } from '../../hook/kubernetes/views.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { texts } from '../../kubernetes/fields.ts';
import { change } from '../../steps/api/change.ts';
import type { Io } from '../io.ts';
import { listAll } from '../list-all.ts';
import { withManagement, type Management, type ManagementFlags } from '../management.ts';
import { decideOwnerRetry, decideRetry, ownerArgument } from '../retry-decision.ts';
import { findRollbacks, runningRollback } from '../rollback/find-rollbacks.ts';
import { tell } from '../tell.ts';
import { hanging } from '../text.ts';

export interface RetryFlags extends ManagementFlags {
  failed?: boolean;
  force?: boolean;
}

/** Does all that can be done; ends with 1 when one was refused. Errors: BadInput, before anything is written; those of the client. */
export async function retry(names: readonly string[], flags: RetryFlags, io: Io): Promise<number> {
  if (names.length > 0 === (flags.failed === true)) {
    throw badInput(
      'MACHINE',
      names.join(' ') || undefined,
      'names, or --failed for all whose operation failed',
    );
  }
  const named = names.map(targetOf);
  return withManagement(flags, async (management) => {
    const targets = flags.failed === true ? await failed(management) : named;
    if (targets.length === 0) io.err(`No operation has failed in namespace ${management.namespace}\n`);
    let isRefused = false;
    for (const target of targets) if (!(await retryOne(target, flags, management, io))) isRefused = true;
    return isRefused ? EXIT.failed : EXIT.done;
  });
}

/** Machines that Refit upgrades with their owner: that owner, once. */
async function failed({ client, namespace }: Management): Promise<Target[]> {
  const names = (await listAll(client, MACHINES.path(namespace))).map(machineView).flatMap((machine) => {
    const record = knownRecord(machine.annotations);
    if (record?.state !== 'failed') return [];
    return [record.workflow === undefined ? machine.name : ownerArgument(machine)];
  });
  return [...new Set(names)].map(targetOf);
}

/** False: refused. */
async function retryOne(
  target: Target,
  { force }: RetryFlags,
  { client, namespace }: Management,
  io: Io,
): Promise<boolean> {
  const { kind, name, resource } = target;
  const what = `${kind} ${namespace}/${name}: `;
  try {
    const rollback =
      kind === 'Machine' ? await rollbackOf(client, resource.path(namespace, name)) : undefined;
    let said = '';
    await change(client, resource.path(namespace, name), (object) => {
      const decision =
        kind === 'Machine'
          ? decideRetry({ machine: machineView(object), rollback }, force)
          : decideOwnerRetry(texts(object, 'metadata', 'annotations'));
      if ('refusal' in decision) throw new StatusError(decision.refusal, { reason: 'BadInput' });
      said = decision.message;
      return { annotations: decision.annotations };
    });
    io.out(`${hanging('', what + said)}\n`);
    return true;
  } catch (error) {
    if (!(error instanceof StatusError) || (error.reason !== 'BadInput' && error.reason !== 'NotFound'))
      throw error;
    const why = error.reason === 'NotFound' ? 'there is none of this name' : error.message;
    tell(io, what + why, 'refit: ');
    return false;
  }
}

async function rollbackOf(client: ApiClient, path: string): Promise<string | undefined> {
  const machine = machineView(await client.get(path));
  const record = knownRecord(machine.annotations);
  return record && runningRollback(await findRollbacks(client, machine, record.number));
}

interface Target {
  kind: 'Machine' | 'KubeadmControlPlane' | 'MachineDeployment';
  name: string;
  resource: Resource;
}

const OWNERS: Readonly<Record<string, Omit<Target, 'name'>>> = {
  kubeadmcontrolplane: { kind: 'KubeadmControlPlane', resource: KUBEADM_CONTROL_PLANES },
  kcp: { kind: 'KubeadmControlPlane', resource: KUBEADM_CONTROL_PLANES },
  machinedeployment: { kind: 'MachineDeployment', resource: MACHINE_DEPLOYMENTS },
  md: { kind: 'MachineDeployment', resource: MACHINE_DEPLOYMENTS },
};

/** `machine`, or `kind/owner`. Errors: BadInput for another kind. */
function targetOf(given: string): Target {
  const [prefix = '', name] = given.split('/');
  if (name === undefined) return { kind: 'Machine', name: given, resource: MACHINES };
  const owner = Object.hasOwn(OWNERS, prefix) ? OWNERS[prefix] : undefined;
  if (!owner) throw badInput('MACHINE', given, `a Machine, or ${Object.keys(OWNERS).join('/NAME, ')}/NAME`);
  return { ...owner, name };
}
