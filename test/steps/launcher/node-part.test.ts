import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { StatusError } from '../../../src/api/errors.ts';
import { OPERATION, sampleFlags, sampleReport } from './samples.ts';
import { LEASE, MACHINES, stepSite, type StepSite } from './step-site.ts';

let site: StepSite;
beforeEach(async () => {
  site = await stepSite();
});
afterEach(() => site.close());

describe('the Lease of the control plane', () => {
  it('is held from the hand-over until the exit handler finds the node idle', async () => {
    await site.played('kubeadm', sampleFlags());
    expect(site.holder()).toBe(OPERATION);
    site.withApi('finish', { after: async () => ({ message: 'over', changes: [] }) });
    const flags = sampleFlags({ workflowStatus: 'Succeeded' });
    await site.played('finish', flags, sampleReport({ step: 'finish' }, { host: 'working' }));
    expect(site.holder()).toBe(OPERATION);
    const again = { ...flags, workflow: OPERATION, workflowStatus: 'Failed' };
    site.deleteJobOf('finish');
    await site.played('finish', again, sampleReport({ step: 'finish' }, { host: 'idle' }));
    expect(site.holder()).toBeUndefined();
  });

  it('is given back by a step that somebody started by hand: there is no exit handler', async () => {
    const flags = sampleFlags({ operation: undefined, workflow: 'by-hand-1' });
    await site.played('kubelet', flags);
    expect(site.holder()).toBeUndefined();
    expect(site.server.count('create', 'leases')).toBe(1);
  });

  it('is kept by such a step while the node has more to do', async () => {
    const steps = [
      { name: 'containerd', timeoutSeconds: 300 },
      { name: 'kubelet', timeoutSeconds: 600 },
    ] as const;
    const flags = sampleFlags({ operation: undefined, workflow: 'by-hand-1', steps });
    await site.played('containerd', flags);
    expect(site.holder()).toBe('by-hand-1');
    await site.played('kubelet', flags);
    expect(site.holder()).toBeUndefined();
  });

  it('is given back when the node stopped at a failure', async () => {
    const steps = [
      { name: 'containerd', timeoutSeconds: 300 },
      { name: 'kubelet', timeoutSeconds: 600 },
    ] as const;
    const flags = sampleFlags({ operation: undefined, workflow: 'by-hand-1', steps });
    await site.played('containerd', flags, sampleReport({ outcome: 'failed' }), 1);
    expect(site.holder()).toBeUndefined();
  });

  it('is taken for a rollback, and given back', async () => {
    await site.played('rollback', sampleFlags({ workflow: 'back-1' }), sampleReport({ step: 'rollback' }));
    expect(site.server.count('create', 'leases')).toBe(1);
    expect(site.holder()).toBeUndefined();
    expect(site.inputSent().plan.operation).toBe(OPERATION);
  });

  it('is nothing to a worker', async () => {
    const place = { collection: MACHINES, namespace: 'lab', name: 'cp-1' };
    site.server.data.patch(place, { metadata: { labels: { 'cluster.x-k8s.io/control-plane': null } } });
    await site.played('kubelet', sampleFlags());
    expect(site.server.count('create', 'leases')).toBe(0);
  });

  it('of another operation keeps the step from its node', async () => {
    const spec = { holderIdentity: 'refit-cp-2-aaaaaaaa-1' };
    site.put(LEASE.collection, LEASE.namespace, { metadata: { name: LEASE.name }, spec });
    const ended = site.run('containerd', sampleFlags({ timeoutSeconds: 20 }));
    await site.pass(30);
    const { code, result } = await ended;
    expect(code).toBe(EXIT.temporary);
    expect(result.message).toContain('holder: got refit-cp-2-aaaaaaaa-1');
    expect(site.server.count('create', 'jobs')).toBe(0);
  });
});

describe('preflight', () => {
  const sent = async (): Promise<boolean | undefined> => {
    await site.played('preflight', sampleFlags(), sampleReport({ step: 'preflight' }));
    return site.inputSent().hasElsewhere;
  };

  it('is told whether another node could take the pods, since all that launch it must decide alike', async () => {
    site.put('/api/v1/nodes', '', {
      metadata: { name: 'node-2' },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    expect(await sent()).toBe(true);
  });

  it('is told that there is none', async () => {
    expect(await sent()).toBe(false);
  });
});

describe('a site whose management cluster is updated itself', () => {
  it('ends a flip step only when its API server has been ready for 10 s', async () => {
    site.tools.isSelfHosted = async () => true;
    const start = site.clock.monotonic();
    let endedAt = 0;
    const ended = site.run('kubeadm', sampleFlags()).then(() => (endedAt = site.clock.monotonic()));
    await site.pass(2);
    site.jobs.ready = undefined;
    site.jobs.end(await site.startPod('kubeadm', sampleFlags()), 0, sampleReport());
    await site.pass(20);
    site.jobs.ready = 200;
    await site.pass(15);
    await ended;
    expect(endedAt - start).toBeGreaterThanOrEqual(32);
  });

  it('lets the API take its part beside that wait, and tells what became of it behind it', async () => {
    site.tools.isSelfHosted = async () => true;
    let [reportedAt, askedAt] = [0, 0];
    site.withApi('verify', {
      after: async () => {
        askedAt = site.clock.monotonic();
        throw new StatusError('Node cp-1: not Ready', { reason: 'Failed' });
      },
    });
    const ended = site.run('verify', sampleFlags());
    const pod = await site.startPod('verify', sampleFlags());
    reportedAt = site.clock.monotonic();
    site.jobs.end(pod, 0, sampleReport({ step: 'verify' }));
    await site.pass(20);
    const { code, result } = await ended;
    expect(askedAt - reportedAt).toBeLessThan(5);
    expect([code, result.message]).toEqual([EXIT.failed, 'Node cp-1: not Ready']);
  });
});
