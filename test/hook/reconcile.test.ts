import { afterEach, describe, expect, it } from '@jest/globals';
import { STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../src/api/labels.ts';
import { CLUSTER, hookSite, NAMESPACE, type HookSite } from '../helpers/hook-site.ts';
import { recorded } from '../helpers/requests.ts';

const UPDATE = recorded('kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json');
const labels = { [STRATEGY_LABEL]: STRATEGY_IN_PLACE };

let site: HookSite;
afterEach(() => site.close());

describe('protection', () => {
  it('ends by the policy of all where the override of its Cluster is bad by now', async () => {
    site = hookSite({ policy: { protectSeconds: 60 } });
    await site.store.start();
    site.store.addMachine({
      ...{ namespace: NAMESPACE, name: 'refit-cp-2f546', cluster: CLUSTER },
      ...{ role: 'control-plane', version: 'v1.33.7' },
    });
    site.store.failStep('kubelet', 'no space left');
    await site.poll(UPDATE, /operation 1 failed/);
    site.store.addCluster({
      namespace: NAMESPACE,
      name: CLUSTER,
      labels,
      policyOverride: 'protectSeconds: x',
    });
    await site.clock.advance(120);
    expect(site.events('InPlaceProtectionEnded')).toMatchObject([{ type: 'Warning' }]);
  });
});
