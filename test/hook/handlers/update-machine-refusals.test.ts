import { afterEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../../src/api/labels.ts';
import { hookSite, NAMESPACE, type HookSite } from '../../helpers/hook-site.ts';
import { recorded } from '../../helpers/requests.ts';

const CONTROL_PLANE = 'refit-cp-2f546';
const B = recorded('kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json');

let site: HookSite;
afterEach(() => site.close());

describe('a request that must not be obeyed', () => {
  it.each<[string, (body: JsonObject) => JsonObject, RegExp]>([
    ['a downgrade', (body) => versioned(body, 'v1.32.0'), /downgrade from v1\.33\.7 to v1\.32\.0/],
    ['a skipped minor', (body) => versioned(body, 'v1.36.0'), /skips a minor version/],
    [
      'no version',
      (body) => versioned(body, 'latest'),
      /desired\.machine\.spec\.version: got "latest", expected a version like/,
    ],
    ['a bootstrap kind without recipe', (body) => kind(body, 'RKE2Config'), /RKE2Config/],
  ])('%s: names it and writes nothing', async (_name, change, message) => {
    await open();
    await expect(site.update(change(structuredClone(B)))).rejects.toThrow(message);
    expect(site.machine(CONTROL_PLANE).annotations).toEqual({});
  });

  it('a version that is in no release', async () => {
    await open({ policy: { imageMap: {} } });
    await expect(site.update(B)).rejects.toThrow(/imageMap.*v1\.34\.3/);
    expect(site.machine(CONTROL_PLANE).annotations).toEqual({});
  });

  it('a Cluster whose override of the policy is bad', async () => {
    await open({ policyOverride: 'drainForce: maybe' });
    await expect(site.update(B)).rejects.toThrow('policy.drainForce: got "maybe", expected true or false');
    expect(site.machine(CONTROL_PLANE).annotations).toEqual({});
  });

  it('a Machine without a Node', async () => {
    await open();
    const { uid } = site.machine(CONTROL_PLANE);
    addMachine({ uid, node: null });
    await expect(site.update(B)).rejects.toThrow('status.nodeRef: got nothing, expected a Node');
  });

  it('a Cluster that did not opt in', async () => {
    await open({ labels: {} });
    await expect(site.update(B)).rejects.toThrow(StatusError);
  });

  it('a Machine that was not seen yet is asked for again, never done', async () => {
    site = hookSite();
    await site.store.start();
    await expect(site.update(B)).rejects.toThrow(/not seen yet/);
  });
});

async function open(options: Parameters<typeof hookSite>[0] = {}): Promise<void> {
  site = hookSite({ labels: { [STRATEGY_LABEL]: STRATEGY_IN_PLACE }, ...options });
  await site.store.start();
  addMachine();
}

function addMachine(more: { uid?: string; node?: null } = {}): void {
  const names = { namespace: NAMESPACE, name: CONTROL_PLANE, cluster: 'refit' };
  site.store.addMachine({ ...names, role: 'control-plane', version: 'v1.33.7', ...more });
}

function versioned(body: JsonObject, version: string): JsonObject {
  (body['desired'] as { machine: { spec: JsonObject } }).machine.spec['version'] = version;
  return body;
}

function kind(body: JsonObject, name: string): JsonObject {
  (body['desired'] as { bootstrapConfig: JsonObject }).bootstrapConfig['kind'] = name;
  return body;
}
