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
import { texts } from '../../kubernetes/fields.ts';
import { change } from '../../steps/api/change.ts';
import { items } from '../../steps/api/items.ts';
import type { Io } from '../io.ts';
import { withManagement, type Management, type ManagementFlags } from '../management.ts';
import { decideOwnerRetry, decideRetry } from '../retry-decision.ts';
import { hanging } from '../text.ts';

export interface RetryFlags extends ManagementFlags {
  failed?: boolean;
  force?: boolean;
}

const WIDTH = 80;

/** Does all that can be done; ends with 1 when a Machine was refused. Errors: BadInput; those of the client. */
export function retry(names: readonly string[], flags: RetryFlags, io: Io): Promise<number> {
  if (names.length > 0 === (flags.failed === true)) {
    throw badInput(
      'MACHINE',
      names.join(' ') || undefined,
      'names, or --failed for all whose operation failed',
    );
  }
  return withManagement(flags, async (management) => {
    const machines = flags.failed === true ? await failed(management) : names;
    if (machines.length === 0) io.err(`No operation has failed in namespace ${management.namespace}\n`);
    const refused = [];
    for (const name of machines) if (!(await retryOne(name, flags, management, io))) refused.push(name);
    return refused.length > 0 ? EXIT.failed : EXIT.done;
  });
}

async function failed({ client, namespace }: Management): Promise<string[]> {
  const names: string[] = [];
  for await (const object of items(client, MACHINES.path(namespace))) {
    const { name, annotations } = machineView(object);
    if (knownRecord(annotations)?.state === 'failed') names.push(name);
  }
  return names;
}

/** False: refused. */
async function retryOne(
  given: string,
  { force }: RetryFlags,
  { client, namespace }: Management,
  io: Io,
): Promise<boolean> {
  const { kind, name, resource } = targetOf(given);
  const what = `${kind} ${namespace}/${name}: `;
  let said = '';
  try {
    await change(client, resource.path(namespace, name), (object) => {
      const decision =
        kind === 'Machine'
          ? decideRetry(machineView(object), force)
          : decideOwnerRetry(texts(object, 'metadata', 'annotations'));
      if ('refusal' in decision) throw new StatusError(decision.refusal, { reason: 'BadInput' });
      said = decision.message;
      return { annotations: decision.annotations };
    });
  } catch (error) {
    if (!(error instanceof StatusError) || (error.reason !== 'BadInput' && error.reason !== 'NotFound'))
      throw error;
    const why = error.reason === 'NotFound' ? 'there is none of this name' : error.message;
    io.err(`${hanging('refit: ', what + why, WIDTH)}\n`);
    return false;
  }
  io.out(`${hanging('', what + said, WIDTH)}\n`);
  return true;
}

const OWNERS: Readonly<Record<string, { kind: string; resource: Resource }>> = {
  kubeadmcontrolplane: { kind: 'KubeadmControlPlane', resource: KUBEADM_CONTROL_PLANES },
  kcp: { kind: 'KubeadmControlPlane', resource: KUBEADM_CONTROL_PLANES },
  machinedeployment: { kind: 'MachineDeployment', resource: MACHINE_DEPLOYMENTS },
  md: { kind: 'MachineDeployment', resource: MACHINE_DEPLOYMENTS },
};

/** `machine`, or `kind/owner`. Errors: BadInput for another kind. */
function targetOf(given: string): { kind: string; name: string; resource: Resource } {
  const [prefix = '', name] = given.split('/');
  if (name === undefined) return { kind: 'Machine', name: given, resource: MACHINES };
  const owner = Object.hasOwn(OWNERS, prefix) ? OWNERS[prefix] : undefined;
  if (!owner) throw badInput('MACHINE', given, `a Machine, or ${Object.keys(OWNERS).join('/NAME, ')}/NAME`);
  return { ...owner, name };
}
