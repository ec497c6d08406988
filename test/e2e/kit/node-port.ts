// A Service that can be reached at every node's address.
import type { JsonObject } from '../../../src/api/json.ts';
import { at, list } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { Site } from './site.ts';

interface Wanted {
  namespace: string;
  name: string;
  /** Of its pods. */
  labels: Readonly<Record<string, string>>;
  port: number;
}

/** The port at the nodes. Again is harmless. */
export async function nodePort({ api }: Site, { namespace, name, labels, port }: Wanted): Promise<number> {
  const spec: JsonObject = { type: 'NodePort', selector: { ...labels }, ports: [{ port, targetPort: port }] };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec };
  const target = `/api/v1/namespaces/${namespace}/services/${name}?fieldManager=story&force=true`;
  const made = await expectOk(api.patch(target, service, 'apply-patch+yaml'));
  return Number(at(list(made, 'spec', 'ports')[0], 'nodePort'));
}
