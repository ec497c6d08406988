import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { askOf } from '../../../src/api/external-owner.ts';
import { writeExternal } from '../../../src/api/external-record.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { controlPlane, machineDeployment, machineOf, TO } from '../../helpers/external.ts';
import { ExternalSite, held, ofMachine, OF_WORKERS, WORKFLOW } from '../../helpers/external-site.ts';
import { edited } from '../../helpers/requests.ts';
import { until } from '../../helpers/until.ts';

let site: ExternalSite;

beforeEach(async () => {
  site = new ExternalSite();
  await site.start();
});
afterEach(() => site.stop());

describe('release', () => {
  const release = (status: string, more = {}) => site.run('release', { workflowStatus: status, ...more });

  it('gives the control plane back when its Machines are as it asks', async () => {
    site.withControlPlane();
    await site.upgrade('cp-a');
    expect(await release('Succeeded')).toMatchObject({ code: EXIT.done });
    expect(site.paused('KubeadmControlPlane', 'edge-cp')).toBeUndefined();
    expect(site.externalOf('KubeadmControlPlane', 'edge-cp')).toMatchObject({
      number: 1,
      state: 'succeeded',
    });
  });

  it('brings the MachineSet with Machines to what the MachineDeployment asks, and unpauses all', async () => {
    site.withWorkers();
    await site.run('prepare', OF_WORKERS);
    for (const name of ['md-a', 'md-b']) await site.upgrade(name);
    expect(await release('Succeeded', OF_WORKERS)).toMatchObject({ code: EXIT.done });
    const template = (name: string) =>
      text(site.get('MachineSet', name), 'spec', 'template', 'spec', 'version');
    expect(template('edge-md-1')).toBe(TO);
    expect(template('edge-md-0')).not.toBe(TO);
    expect(['edge-md-0', 'edge-md-1'].map((name) => site.paused('MachineSet', name))).toEqual([
      undefined,
      undefined,
    ]);
    expect(site.paused('MachineDeployment', 'edge-md')).toBeUndefined();
  });

  it('keeps the owner paused after a failure: Cluster API would replace what is left', async () => {
    site.withWorkers();
    await site.run('prepare', OF_WORKERS);
    await site.upgrade('md-a');
    const { code, message } = await release('Failed', OF_WORKERS);
    expect(code).toBe(EXIT.done);
    expect(message).toContain(`Workflow ${WORKFLOW} ended Failed: Machine md-b: not upgraded`);
    expect(site.paused('MachineDeployment', 'edge-md')).toBe('capi-refit.io');
    expect(site.paused('MachineSet', 'edge-md-1')).toBe('capi-refit.io');
    expect(site.externalOf('MachineDeployment', 'edge-md')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('Machine md-b: not upgraded'),
    });
  });

  it('gives it back after a failure where that was opted in', async () => {
    site.withWorkers(
      edited(held(machineDeployment()), ['/metadata/annotations/capi-refit.io~1fallback', 'rolling']),
    );
    await site.run('prepare', OF_WORKERS);
    await release('Failed', OF_WORKERS);
    expect(site.paused('MachineDeployment', 'edge-md')).toBeUndefined();
    expect(site.paused('MachineSet', 'edge-md-1')).toBeUndefined();
    expect(site.externalOf('MachineDeployment', 'edge-md')).toMatchObject({ state: 'failed' });
  });

  it('closes a Machine in the middle of its operation, although its node cannot be asked', async () => {
    site.withControlPlane();
    await site.run('begin', ofMachine('cp-a'));
    expect(await release('Failed')).toMatchObject({ code: EXIT.done });
    expect(site.operationOf('cp-a')).toMatchObject({ state: 'failed', host: 'unknown' });
    expect(site.externalOf('KubeadmControlPlane', 'edge-cp')?.reason).toContain(
      'Machine cp-a: operation 1 failed',
    );
  });

  it('says which step of a Machine failed, and why', async () => {
    site.withControlPlane();
    const node = {
      name: `${WORKFLOW}.machine-cp-a.kubeadm(0)`,
      type: 'Pod',
      phase: 'Failed',
      message: 'boom',
    };
    site.patch('Workflow', WORKFLOW, { status: { nodes: { a: node } } });
    await site.run('begin', ofMachine('cp-a'));
    await release('Failed');
    expect(site.operationOf('cp-a')?.reason).toMatch(/^step kubeadm: boom; the Workflow ended Failed/);
    expect(site.externalOf('KubeadmControlPlane', 'edge-cp')?.reason).toContain('step kubeadm: boom');
  });

  it('does not take a Machine for done whose operation failed, although its objects are as wanted', async () => {
    site.withControlPlane();
    await site.run('begin', ofMachine('cp-a'));
    await site.run('settle', ofMachine('cp-a'));
    await release('Failed');
    expect(site.externalOf('KubeadmControlPlane', 'edge-cp')).toMatchObject({ state: 'failed' });
  });

  it('says its last word once', async () => {
    site.withControlPlane();
    await site.upgrade('cp-a');
    await release('Succeeded');
    const { version } = site.management.data;
    expect(await release('Succeeded')).toMatchObject({
      code: EXIT.done,
      message: 'recorded before: succeeded',
    });
    expect(site.management.data.version).toBe(version);
  });

  it('leaves the pause of somebody else', async () => {
    const owner = edited(held(controlPlane()), ['/metadata/annotations/cluster.x-k8s.io~1paused', 'me']);
    site.withControlPlane(owner);
    const { machine } = machineOf('KubeadmControlPlane', 'cp-a');
    expect(askOf(owner).cluster).toBe(text(machine, 'spec', 'clusterName'));
    await release('Failed');
    expect(site.paused('KubeadmControlPlane', 'edge-cp')).toBe('me');
  });

  it('closes its Machines also when the owner has begun another upgrade, which would wait for them', async () => {
    site.withControlPlane();
    await site.run('begin', ofMachine('cp-a'));
    const annotations = writeExternal({ version: 1, number: 2, state: 'requested', to: TO });
    site.patch('KubeadmControlPlane', 'edge-cp', { metadata: { annotations } });
    expect(await release('Failed')).toMatchObject({
      code: EXIT.failed,
      message: expect.stringContaining('upgrade: got 2, expected 1'),
    });
    expect(site.operationOf('cp-a')).toMatchObject({ number: 1, state: 'failed' });
    expect(site.externalOf('KubeadmControlPlane', 'edge-cp')).toMatchObject({
      number: 2,
      state: 'requested',
    });
  });

  it('does not give back an owner that is changed while its Machines are looked at', async () => {
    site.withControlPlane();
    await site.upgrade('cp-a');
    const { other } = site.management;
    site.management.other = (url, response) => {
      if (url.pathname.includes('/metalmachines/'))
        site.patch('KubeadmControlPlane', 'edge-cp', { spec: { kubeadmConfigSpec: { verbosity: 5 } } });
      return other(url, response);
    };
    await release('Succeeded');
    expect(site.paused('KubeadmControlPlane', 'edge-cp')).toBe('capi-refit.io');
    expect(site.externalOf('KubeadmControlPlane', 'edge-cp')).toMatchObject({ state: 'failed' });
  });

  describe('of a MachineDeployment', () => {
    const clock = fakeClock();

    beforeEach(async () => {
      site.withWorkers();
      for (const name of ['md-a', 'md-b']) await site.upgrade(name);
      await site.run('prepare', OF_WORKERS);
      site.looksAtSets = false;
    });

    const isFree = () => site.paused('MachineDeployment', 'edge-md') === undefined;

    it('waits until Cluster API has seen its MachineSet: it would make another, and delete a Machine', async () => {
      const running = site.run('release', { ...OF_WORKERS, workflowStatus: 'Succeeded' }, clock);
      await until(() => site.paused('MachineSet', 'edge-md-1') === undefined);
      site.management.requests = [];
      await until(async () => {
        await clock.advance(1);
        return site.management.count('get', 'machinesets') > 3;
      });
      expect(isFree()).toBe(false);
      site.lookAtSet('edge-md-1');
      await until(async () => {
        await clock.advance(1);
        return isFree();
      });
      expect(await running).toMatchObject({ code: EXIT.done });
    });

    it('is not held for ever when nobody looks', async () => {
      const begin = clock.monotonic();
      const running = site.run('release', { ...OF_WORKERS, workflowStatus: 'Succeeded' }, clock);
      await until(async () => {
        await clock.advance(1);
        return isFree();
      });
      expect(clock.monotonic() - begin).toBeGreaterThanOrEqual(120);
      expect(await running).toMatchObject({ code: EXIT.done });
    });
  });

  it('is tried again when the API server is away', async () => {
    site.withControlPlane();
    await site.upgrade('cp-a');
    site.management.failNext(1, 503, 'patch');
    expect(await release('Succeeded')).toMatchObject({ code: EXIT.done });
  });
});
