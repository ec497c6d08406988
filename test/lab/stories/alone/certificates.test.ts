// CAPI and Refit know each other by certificates, which change while they work: new ones from new authorities on both
// sides, which is more than cert-manager usually does at once.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { HOOKS_API_VERSION } from '../../../../src/api/hooks.ts';
import { DISCOVERY_PATH } from '../../../../src/hook/hooks.ts';
import { text } from '../../../../src/kubernetes/fields.ts';
import { expectOk } from '../../../apiserver/api.ts';
import { call } from '../../../helpers/https.ts';
import { createAuthority, type KeyPair } from '../../certificates.ts';
import { folderLayout } from '../../folder.ts';
import { declareCluster, type LabCluster } from '../../kit/cluster.ts';
import { withControlPlane, withWorkers } from '../../kit/edits.ts';
import { play } from '../../kit/script.ts';
import { settled } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { machineAt } from '../../kit/held.ts';
import { inPlace, summaries } from '../../kit/summary.ts';
import { siteInTurn } from '../../kit/turn.ts';

const EXTENSION_CONFIG = '/apis/runtime.cluster.x-k8s.io/v1beta2/extensionconfigs/capi-refit';
/** In the words of Refit, or in those of the handshake where a recorder listens. */
const REFUSED = /client certificate: got none that is trusted|alert|ECONNRESET|socket hang up/;

const cluster: LabCluster = {
  name: 'trusted',
  controlPlane: { replicas: 3, version: 'v1.33.7' },
  workers: [{ name: 'trusted-workers', replicas: 1, version: 'v1.33.7' }],
};
const upgraded = withControlPlane(cluster, { version: 'v1.34.3' });
const allUpgraded = withWorkers(upgraded, { version: 'v1.34.3' });

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('certificates', cluster);
});
afterAll(() => site?.leave());

it("only CAPI's managers may call: without a certificate, or with one of others, a call is refused", async () => {
  const stranger = await (await createAuthority('strangers'))('capi-manager', 'client');
  expect(await answerTo(managersPair())).toBe('Success');
  expect(await answerTo()).toMatch(REFUSED);
  expect(await answerTo(stranger)).toMatch(REFUSED);
});

it('new ones in the middle of a control plane: it is upgraded in place, and so are workers afterwards', async () => {
  const before = await summaries(site, cluster);
  const former = managersPair();
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, upgraded);
  await machineAt(site, cluster, 'kubelet');
  await site.lab.rotateCertificates();
  expect(await answerTo(managersPair())).toBe('Success');
  expect(await answerTo(former)).toMatch(REFUSED);

  await play(site, {});
  await settled(site, upgraded);
  await declareCluster(site, allUpgraded);
  await settled(site, allUpgraded);
  expect(await summaries(site, allUpgraded)).toEqual(before.map((one) => inPlace(one, 'v1.34.3')));
});

/** Where the managers read it. */
function managersPair(): KeyPair {
  const folder = path.join(folderLayout(site.lab.folder).data, 'hook-client');
  const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
  return { cert: read('tls.crt'), key: read('tls.key') };
}

/** Of Refit to a discovery, as CAPI sends it: the status of a success, or why not. */
async function answerTo(identity: Partial<KeyPair> = {}): Promise<string> {
  const config = await expectOk(site.api.get(EXTENSION_CONFIG));
  const clientConfig = (key: string) => text(config, 'spec', 'clientConfig', key) ?? '';
  const options = {
    ...identity,
    ca: Buffer.from(clientConfig('caBundle'), 'base64').toString(),
    path: DISCOVERY_PATH,
    body: JSON.stringify({ apiVersion: HOOKS_API_VERSION, kind: 'DiscoveryRequest' }),
  };
  try {
    const { status, message } = (await call(Number(new URL(clientConfig('url')).port), options)).json();
    return status === 'Success' ? status : String(message);
  } catch (error) {
    return String(error);
  }
}
