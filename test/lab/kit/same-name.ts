// A Machine made again by hand with the name that it had: Cluster API itself gives each a random one.
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import { SET_NAME_LABEL } from '../../../src/api/labels.ts';
import { at, text, texts } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { API, pathOf } from './objects.ts';
import type { Site } from './site.ts';
import type { Machine } from './state.ts';

const PAUSED = 'cluster.x-k8s.io/paused';
const MACHINE = { apiVersion: API.cluster, kind: 'Machine' };
const PARTS = [
  { apiVersion: API.infrastructure, kind: 'DevMachine' },
  { apiVersion: API.bootstrap, kind: 'KubeadmConfig' },
  MACHINE,
];
const DELETION_SECONDS = 90;

/** Deletes a worker and makes it anew; its MachineSet takes it for the one that it lacks. */
export async function makeAgain(site: Site, { name }: Machine): Promise<void> {
  const { api } = site;
  const parts = await Promise.all(PARTS.map((kind) => expectOk(api.get(pathOf(site, kind, name)))));
  const set = text(parts.at(-1), 'metadata', 'labels', SET_NAME_LABEL);
  const setPath = pathOf(site, { ...MACHINE, kind: 'MachineSet' }, set);
  const pause = (paused: '' | null) =>
    expectOk(api.patch(setPath, { metadata: { annotations: { [PAUSED]: paused } } }));

  await pause('');
  await expectOk(api.delete(pathOf(site, MACHINE, name)));
  for (const kind of PARTS) {
    const isGone = async () => (await api.get(pathOf(site, kind, name))).status === 404;
    await eventually(`${kind.kind} ${name} gone`, isGone, DELETION_SECONDS);
  }
  for (const part of parts) {
    const kind = { apiVersion: text(part, 'apiVersion') ?? '', kind: text(part, 'kind') ?? '' };
    await expectOk(api.create(pathOf(site, kind), { ...kind, ...asDeclared(part) }));
  }
  await pause(null);
}

/** Without what controllers found out. */
function asDeclared(object: JsonObject): JsonObject {
  const name = text(object, 'metadata', 'name') ?? '';
  const labels = texts(object, 'metadata', 'labels');
  const { bootstrap, ...spec } = specOf(object);
  delete spec['providerID'];
  const configRef = at(bootstrap, 'configRef');
  return {
    metadata: { name, labels },
    spec: configRef === undefined ? spec : { ...spec, bootstrap: { configRef } },
  };
}

function specOf(object: JsonObject): JsonObject {
  const spec = at(object, 'spec');
  return isObject(spec) ? spec : {};
}
