// Machines and their cluster in memory: the backend of CAPI's development provider.
import type { JsonObject } from '../../../src/api/json.ts';
import { API, type LabObject } from './objects.ts';

/** Its controller adds an annotation, and panics when there are none. */
export function devCluster(name: string): LabObject {
  return {
    apiVersion: API.infrastructure,
    kind: 'DevCluster',
    metadata: { name, annotations: { 'lab.capi-refit.io/for': name } },
    spec: { backend: { inMemory: {} } },
  };
}

export function devClusterTemplate(name: string): LabObject {
  const { apiVersion, spec = {} } = devCluster(name);
  return { apiVersion, kind: 'DevClusterTemplate', metadata: { name }, spec: { template: { spec } } };
}

/** Of workers or a control plane: what a worker does not run costs it no time. */
export function devMachineTemplate(name: string): LabObject {
  const components = ['vm', 'node', 'apiServer', 'etcd'];
  const inMemory: JsonObject = Object.fromEntries(components.map((component) => [component, STARTS_FAST]));
  return {
    apiVersion: API.infrastructure,
    kind: 'DevMachineTemplate',
    metadata: { name },
    spec: { template: { spec: { backend: { inMemory } } } },
  };
}

const STARTS_FAST = { provisioning: { startupDuration: '500ms' } };
