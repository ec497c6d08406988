import { afterEach, describe, expect, it } from '@jest/globals';
import { CLUSTER, hookSite, NAMESPACE, type HookSite } from '../helpers/hook-site.ts';
import { recorded } from '../helpers/requests.ts';

const UPDATE = recorded('kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json');
const MACHINE = 'refit-cp-2f546';

let site: HookSite;
afterEach(() => site.close());

describe('the begin of an operation', () => {
  it('is told on the Machine, with the versions and the Workflow to look at', async () => {
    site = hookSite();
    await site.store.start();
    site.store.addMachine({
      ...{ namespace: NAMESPACE, name: MACHINE, cluster: CLUSTER },
      ...{ role: 'control-plane', version: 'v1.33.7' },
    });
    await site.update(UPDATE);
    const name = site.workflow(MACHINE, 1)?.name ?? '';
    expect(name).not.toBe('');
    expect(site.events('InPlaceUpdateStarted')).toMatchObject([
      { name: MACHINE, message: `operation 1: v1.33.7 to v1.34.3, Workflow ${name}` },
    ]);
  });
});
