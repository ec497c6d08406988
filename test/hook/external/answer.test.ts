import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeExternalRequest, type ExternalRequest } from '../../../src/api/external-request.ts';
import { answerExternal } from '../../../src/hook/external/answer.ts';
import { controlPlane, FROM, machineDeployment, TO } from '../../helpers/external.ts';
import { ofControlPlane, OwnerSite, requested } from '../../helpers/owner-site.ts';

let site: OwnerSite;
beforeEach(async () => {
  site = new OwnerSite();
  await site.start();
});
afterEach(() => site.stop());

describe('a request', () => {
  const request = (more: object = {}): ExternalRequest =>
    decodeExternalRequest({
      apiVersion: 'hooks.capi-refit.io/v1alpha1',
      kind: 'ExternalUpgradeRequest',
      cluster: { namespace: 'site', name: 'edge' },
      owner: { kind: 'KubeadmControlPlane', name: 'edge-cp' },
      ...more,
    });

  async function ask(more: object = {}) {
    const made = await site.upgrades();
    return answerExternal({ ...made.options, upgrades: made }, request(more));
  }

  it('starts the upgrade, and is answered with the progress when it comes again', async () => {
    site.withControlPlane(requested(controlPlane()));
    const made = await site.upgrades();
    const options = { ...made.options, upgrades: made };
    expect(await answerExternal(options, request())).toMatchObject({
      accepted: true,
      requireUpgrade: 1,
      upgraded: 0,
    });
    expect(await answerExternal(options, request({ machines: ['cp-a'] }))).toMatchObject({
      accepted: true,
      reason: expect.stringContaining(`upgrade 1 to ${TO}`),
      requireUpgrade: 1,
      upgraded: 0,
      ready: false,
    });
    expect(site.workflows()).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    [
      'an owner of unknown kind',
      { owner: { kind: 'MachinePool', name: 'edge-cp' } },
      'owner kind: got MachinePool',
    ],
    ['an owner that is not there', { owner: { kind: 'KubeadmControlPlane', name: 'other' } }, 'not found'],
    [
      'an owner of another Cluster',
      { cluster: { namespace: 'site', name: 'other' } },
      'of Cluster edge, expected other',
    ],
    ['a machine of another owner', { machines: ['cp-a', 'md-a'] }, 'Machines md-a: not of'],
    [
      'another release than the owner asks for',
      { release: 'gold' },
      'release: got gold, but the owner asks for none',
    ],
    [
      'another version than the owner asks for',
      { machine: { version: FROM } },
      'machine version: got another value',
    ],
  ])('for %s is declined, and nothing is changed', async (_what, more, reason) => {
    site.withControlPlane(requested(controlPlane()));
    const { version } = site.management.data;
    expect(await ask(more)).toMatchObject({
      accepted: false,
      reason: expect.stringContaining(reason),
    });
    expect(site.management.data.version).toBe(version);
  });

  it('with a mistake is declined also while the upgrade runs', async () => {
    site.withControlPlane(requested(controlPlane()));
    const made = await site.upgrades();
    const options = { ...made.options, upgrades: made };
    await answerExternal(options, request());
    expect(site.recordOf(ofControlPlane)).toMatchObject({ state: 'running' });
    for (const more of [
      { cluster: { namespace: 'site', name: 'other' } },
      { machines: ['cp-a', 'md-a'] },
      { release: 'gold' },
    ])
      expect(await answerExternal(options, request(more))).toMatchObject({ accepted: false });
  });

  it('is not answered before the caches are filled: they know no version of the control plane', async () => {
    site.withControlPlane(controlPlane());
    site.withWorkers(requested(machineDeployment()));
    const made = await site.upgrades();
    const options = { ...made.options, upgrades: made, store: { ...made.store, ready: () => false } };
    const asked = answerExternal(options, request({ owner: { kind: 'MachineDeployment', name: 'edge-md' } }));
    await expect(asked).rejects.toMatchObject({ reason: 'Unavailable' });
  });

  it('whose Workflow is refused is declined', async () => {
    site.withControlPlane(requested(controlPlane()));
    const made = await site.upgrades();
    site.management.failNext(1, 422, 'create');
    expect(await answerExternal({ ...made.options, upgrades: made }, request())).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('its Workflow was refused'),
    });
  });

  it('for an owner that Cluster API acts on is declined', async () => {
    site.withControlPlane(controlPlane());
    expect(await ask()).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('is not paused'),
    });
    expect(site.workflows()).toEqual([]);
  });
});
