// Makes the objects that a request talks about, so that any recorded request can be played against the embedded store.
import { decodeRequest } from '../../api/decode.ts';
import { desiredVersion } from '../../api/desired-hash.ts';
import { StatusError } from '../../api/errors.ts';
import { templateSpec, type HookObject, type UpdateRequest } from '../../api/hooks.ts';
import { member } from '../../api/json.ts';
import { DEPLOYMENT_NAME_LABEL, STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../api/labels.ts';
import { parseVersion } from '../../api/version.ts';
import { roleOf } from '../../plan/objects.ts';
import type { EmbeddedStore } from './store.ts';

/**
 * What a management cluster would hold when Cluster API asks: an opted-in Cluster, the MachineDeployment, the Machine
 * with a node at the current version. Objects that are there stay as they are; undecodable requests are left to the
 * handlers.
 */
export function createAdopter(store: EmbeddedStore): (body: unknown) => void {
  /** Version of a Cluster's workers before their update: UpdateMachine does not show it. */
  const workerVersions = new Map<string, string>();

  const adopt = (request: UpdateRequest): void => {
    if (request.hook === 'CanUpdateMachineSet')
      return adoptMachineSet(request.current.machineSet, request.desired.machineSet);
    const { machine } = request.desired;
    const { namespace, name } = machine.metadata;
    const cluster = adoptCluster(machine);
    const desired = desiredVersion(request);
    const current =
      request.hook === 'CanUpdateMachine'
        ? text(request.current.machine, 'version')
        : (workerVersions.get(`${namespace}/${cluster}`) ?? previousMinor(desired));
    const known = store.machine(namespace, name);
    if (!known) {
      const { labels } = machine.metadata;
      store.addMachine({ namespace, name, cluster, role: roleOf(request), version: current, labels });
    }
    if (request.hook === 'UpdateMachine') store.setMachineVersion(namespace, name, desired);
  };

  function adoptMachineSet(current: HookObject, desired: HookObject): void {
    const cluster = adoptCluster(desired);
    const { namespace, labels } = desired.metadata;
    const name = labels[DEPLOYMENT_NAME_LABEL];
    if (name !== undefined && !store.machineDeployment(namespace, name)) {
      store.addMachineDeployment({ namespace, name, generation: 1 });
    }
    const version = member(templateSpec(current), 'version');
    if (typeof version === 'string') workerVersions.set(`${namespace}/${cluster}`, version);
  }

  function adoptCluster(owner: HookObject): string {
    const { namespace } = owner.metadata;
    const name = text(owner, 'clusterName');
    if (!store.cluster(namespace, name)) {
      store.addCluster({ namespace, name, labels: { [STRATEGY_LABEL]: STRATEGY_IN_PLACE } });
    }
    return name;
  }

  return (body) => {
    try {
      adopt(decodeRequest(body));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
  };
}

function text(object: HookObject, field: string): string {
  const value = member(object.spec, field);
  return typeof value === 'string' ? value : '';
}

/** A node that has something to do: nothing says where it really was. */
function previousMinor(version: string): string {
  const { major, minor } = parseVersion(version, 'version');
  return `v${major}.${Math.max(0, minor - 1)}.0`;
}
