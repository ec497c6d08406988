// Our ExtensionConfig at an address on this machine.
import type { JsonObject } from '../../../src/api/json.ts';
import { isObject } from '../../../src/api/json.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { type Api, expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';

const DISCOVERED_SECONDS = 120;

/** Cluster API fills in the `caBundle` from the Secret that its annotation names. */
export function withLocalUrl(extensionConfig: JsonObject, url: string): JsonObject {
  const spec = isObject(extensionConfig['spec']) ? extensionConfig['spec'] : {};
  return { ...extensionConfig, spec: { ...spec, clientConfig: { url } } };
}

/** Waits until Cluster API has discovered our hooks by this authority. Errors: what its condition says instead. */
export async function discovered(api: Api, extensionConfig: JsonObject, ca: string): Promise<void> {
  const [apiVersion, name] = [text(extensionConfig, 'apiVersion'), text(extensionConfig, 'metadata', 'name')];
  const path = `/apis/${apiVersion}/extensionconfigs/${name}`;
  await eventually(
    `ExtensionConfig ${name} Discovered`,
    async () => {
      const object = await expectOk(api.get(path));
      const condition = list(object, 'status', 'conditions').find(
        (one) => text(one, 'type') === 'Discovered',
      );
      const bundle = text(object, 'spec', 'clientConfig', 'caBundle') ?? '';
      if (Buffer.from(bundle, 'base64').toString() !== ca) return 'its caBundle is of another authority';
      if (at(condition, 'status') === 'True') return true;
      return text(condition, 'message') ?? 'it has no such condition';
    },
    DISCOVERED_SECONDS,
  );
}
