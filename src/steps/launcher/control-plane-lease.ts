// One control-plane node at a time, whatever happens to Argo's mutex: a Lease in the workload cluster that no time ends.
import { StatusError } from '../../api/errors.ts';
import { CONTROL_PLANE_LEASE, NODE_NAMESPACE } from '../../api/install.ts';
import type { JsonObject } from '../../api/json.ts';
import {
  DESCRIPTION_ANNOTATION,
  MACHINE_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  NODE_ANNOTATION,
  NODE_UID_ANNOTATION,
} from '../../api/labels.ts';
import { text, texts } from '../../kubernetes/fields.ts';
import { orAbsent } from '../api/absent.ts';
import { machinePath, nodePath } from '../api/paths.ts';
import { leasePath } from './paths.ts';
import type { Remote } from './remote.ts';

export interface LeaseHolder {
  operation: string;
  namespace: string;
  machine: string;
  node: { name: string; uid: string };
}

const LOOK_SECONDS = 5;

/** Taken by the operation, or was its own already. Errors: Unavailable when another one holds it for so long. */
export async function takeControlPlaneLease(
  remote: Remote,
  asking: LeaseHolder,
  timeoutSeconds: number,
): Promise<void> {
  const { clock, log, signal } = remote;
  const { operation } = asking;
  const end = clock.monotonic() + timeoutSeconds;
  let told = '';
  for (;;) {
    const holder = await tryToTake(remote, asking);
    if (holder === operation) return;
    if (holder !== told) log(`waiting for ${heldBy(holder)}`);
    told = holder;
    if (clock.monotonic() >= end) {
      throw new StatusError(
        `${heldBy(holder)}, expected ${operation} or nobody. It disturbs a control-plane node, or ended without saying ` +
          `so. If nothing works there any more (refit host status): kubectl -n ${NODE_NAMESPACE} delete lease ` +
          CONTROL_PLANE_LEASE,
        { reason: 'Unavailable' },
      );
    }
    await clock.sleep(LOOK_SECONDS, signal);
    if (signal.aborted) throw new StatusError('told to stop', { reason: 'Unavailable' });
  }
}

/** Only if the operation holds it. */
export async function releaseControlPlaneLease(remote: Remote, operation: string): Promise<void> {
  for (;;) {
    const lease = await orAbsent(remote.workload.get(leasePath(CONTROL_PLANE_LEASE)));
    if (lease === undefined || holderOf(lease) !== operation) return;
    if (await write(remote, lease, { holderIdentity: null, acquireTime: null })) {
      return remote.log(`Lease ${NODE_NAMESPACE}/${CONTROL_PLANE_LEASE} released`);
    }
  }
}

/** Who holds it then. */
async function tryToTake(remote: Remote, asking: LeaseHolder): Promise<string> {
  const { operation, namespace, machine, node } = asking;
  for (;;) {
    const lease = await orAbsent(remote.workload.get(leasePath(CONTROL_PLANE_LEASE)));
    const holder = lease && holderOf(lease);
    if (holder === operation) return holder;
    if (lease && holder !== undefined && !(await isGone(remote, namespace, lease))) return holder;
    const spec = { holderIdentity: operation, acquireTime: microTime(remote.clock.now()) };
    const annotations = {
      [MACHINE_LABEL]: machine,
      [NODE_ANNOTATION]: node.name,
      [NODE_UID_ANNOTATION]: node.uid,
    };
    // True or not: the next look tells. A request that was asked again may find its own work.
    await (lease === undefined ? create(remote, spec, annotations) : write(remote, lease, spec, annotations));
  }
}

/**
 * Was the machine of the holder deleted, and its Node with it? Then nobody is left who could give the Lease back. Both
 * must be gone: somebody may have deleted a Node by hand, and `clusterctl move` takes Machines elsewhere.
 */
async function isGone({ management, workload, log }: Remote, namespace: string, lease: JsonObject) {
  const annotations = texts(lease, 'metadata', 'annotations');
  const [machine, name] = [annotations[MACHINE_LABEL], annotations[NODE_ANNOTATION]];
  if (machine === undefined || name === undefined) return false;
  if ((await orAbsent(management.get(machinePath(namespace, machine)))) !== undefined) return false;
  const node = await orAbsent(workload.get(nodePath(name)));
  const uid = annotations[NODE_UID_ANNOTATION];
  if (node !== undefined && (uid === undefined || text(node, 'metadata', 'uid') === uid)) return false;
  const whose = `Machine ${namespace}/${machine} is gone, and its Node ${name}`;
  log(`${holderOf(lease)} disturbs nothing any more: ${whose}`);
  return true;
}

function heldBy(holder: string): string {
  return `Lease ${NODE_NAMESPACE}/${CONTROL_PLANE_LEASE}: holder: got ${holder}`;
}

function holderOf(lease: JsonObject): string | undefined {
  return text(lease, 'spec', 'holderIdentity');
}

async function create({ workload }: Remote, spec: object, annotations: object): Promise<void> {
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: CONTROL_PLANE_LEASE,
      namespace: NODE_NAMESPACE,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      annotations: {
        [DESCRIPTION_ANNOTATION]:
          'Held by the operation that may disturb a control-plane node, until the node says that it is done. ' +
          'Nobody takes it over because of its age.',
        ...annotations,
      },
    },
    spec,
  };
  try {
    await workload.create(leasePath(), lease);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
  }
}

/** False: somebody else changed it first. */
async function write(
  { workload }: Remote,
  lease: JsonObject,
  spec: object,
  annotations: object = {},
): Promise<boolean> {
  const metadata = { resourceVersion: text(lease, 'metadata', 'resourceVersion') ?? '', annotations };
  try {
    await workload.mergePatch(leasePath(CONTROL_PLANE_LEASE), { metadata, spec });
    return true;
  } catch (error) {
    if (error instanceof StatusError && ['Conflict', 'NotFound'].includes(error.reason)) return false;
    throw error;
  }
}

function microTime(now: Date): string {
  return now.toISOString().replace('Z', '000Z');
}
