import type { JsonValue } from '../../../src/api/json.ts';
import { DEPLOYMENT_NAME_LABEL, PAUSED_ANNOTATION } from '../../../src/api/labels.ts';
import { at, text, texts } from '../../../src/kubernetes/fields.ts';
import { API, pathOf } from './objects.ts';
import type { Site } from './site.ts';
import { items } from './state.ts';

export interface MachineSet {
  name: string;
  uid: string;
  replicas: number;
  version: string;
  /** By an annotation on it: its value. */
  paused: string | undefined;
}

/** Of a MachineDeployment; the empty ones too. */
export async function machineSets(site: Site, deployment: string): Promise<MachineSet[]> {
  const path = pathOf(site, { apiVersion: API.cluster, kind: 'MachineSet' });
  const found = await items(site, `${path}?labelSelector=${DEPLOYMENT_NAME_LABEL}=${deployment}`);
  return found.map(machineSet);
}

function machineSet(object: JsonValue): MachineSet {
  return {
    name: text(object, 'metadata', 'name') ?? '',
    uid: text(object, 'metadata', 'uid') ?? '',
    replicas: Number(at(object, 'spec', 'replicas')),
    version: text(object, 'spec', 'template', 'spec', 'version') ?? '',
    paused: texts(object, 'metadata', 'annotations')[PAUSED_ANNOTATION],
  };
}
