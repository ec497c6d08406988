import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { StatusError, type Reason } from '../../../src/api/errors.ts';
import { stepResultSchema } from '../../../src/api/step-result.ts';
import type { ApiStepContext } from '../../../src/steps/api/api-step.ts';
import { OPERATION, sampleFlags, sampleReport } from './samples.ts';
import { stepSite, type StepSite } from './step-site.ts';

let site: StepSite;
beforeEach(async () => {
  site = await stepSite();
});
afterEach(() => site.close());

describe('a step of the API alone', () => {
  it('gets its context, and its outcome is the result', async () => {
    let seen: ApiStepContext | undefined;
    site.withApi('protect', {
      after: async (context) => {
        seen = context;
        return { message: 'it is\nprotected', changes: [{ what: 'Machine' }], outputs: { x: '1' } };
      },
    });
    const flags = sampleFlags({ timeoutSeconds: 99 });
    const end = await site.run('protect', flags);
    expect(stepResultSchema.parse(end.result)).toMatchObject({
      step: 'protect',
      operation: OPERATION,
      outcome: 'changed',
      message: 'it is protected',
      changes: [{ what: 'Machine' }],
    });
    expect(end).toMatchObject({ outputs: { x: '1' }, code: EXIT.done });
    expect(seen).toMatchObject({ flags, nodeName: 'node-1', operation: OPERATION, timeoutSeconds: 99 });
    expect(seen).not.toHaveProperty('report');
    expect(site.server.count('create')).toBe(0);
  });

  it('is unchanged when it changed nothing', async () => {
    site.withApi('uncordon', { after: async () => ({ message: 'not cordoned', changes: [] }) });
    expect((await site.run('uncordon', sampleFlags())).result.outcome).toBe('unchanged');
  });

  it.each<[Reason, number]>([
    ['BadInput', EXIT.badInput],
    ['Unavailable', EXIT.temporary],
    ['Conflict', EXIT.temporary],
    ['AlreadyExists', EXIT.temporary],
    ['NotFound', EXIT.failed],
    ['Failed', EXIT.failed],
  ])('that fails with %s ends with %s', async (reason, code) => {
    site.withApi('protect', {
      after: () => Promise.reject(new StatusError('so it is', { reason })),
    });
    const end = await site.run('protect', sampleFlags());
    expect(end).toMatchObject({ code, result: { outcome: 'failed', message: 'so it is', changes: [] } });
    expect(stepResultSchema.safeParse(end.result).success).toBe(true);
  });

  it('is refused when the Machine is another one now', async () => {
    site.withApi('complete', { after: () => Promise.reject(new Error('must not be asked')) });
    const flags = sampleFlags({ operation: 4 });
    expect((await site.run('complete', flags)).code).toBe(EXIT.badInput);
  });
});

describe('a step on the node', () => {
  it('hands over what the clusters say, and gives back what the node says', async () => {
    const report = sampleReport({ step: 'stage', message: 'staged' }, { 'plan-sha256': 'f'.repeat(64) });
    const end = await site.played(
      'stage',
      sampleFlags({ steps: [{ name: 'kubelet', timeoutSeconds: 600 }] }),
      report,
    );
    expect(end).toEqual({ result: report.result, outputs: report.outputs, code: EXIT.done });
    expect(site.inputSent()).toMatchObject({
      step: 'stage',
      plan: {
        operation: OPERATION,
        node: { name: 'node-1', uid: 'node-uid', machineID: '0123456789abcdef0123456789abcdef' },
        role: 'control-plane',
        kubernetes: 'v1.34.3',
        release: 'v1.34.3',
        steps: [{ name: 'kubelet', timeoutSeconds: 600 }],
      },
      desired: { kubeletExtraArgs: [{ name: 'max-pods', value: '200' }] },
    });
    expect(site.holder()).toBeUndefined();
  });

  it('has changed something although the list of that was too long for its report', async () => {
    const end = await site.played('kubeadm', sampleFlags(), sampleReport({ changes: [] }));
    expect(end.result.outcome).toBe('changed');
  });

  it('that fails there fails here, with its reason', async () => {
    const report = sampleReport({ outcome: 'failed', message: 'no space left' });
    const end = await site.played('kubeadm', sampleFlags(), report, 1);
    expect(end).toMatchObject({ code: EXIT.failed, result: { outcome: 'failed', message: 'no space left' } });
  });

  it('that was cancelled there fails here', async () => {
    const end = await site.played('kubeadm', sampleFlags(), sampleReport({ outcome: 'cancelled' }), 1);
    expect(end).toMatchObject({ code: EXIT.failed, result: { outcome: 'cancelled' } });
  });

  it('is not tried in a cluster that is not prepared', async () => {
    const account = {
      collection: '/api/v1/serviceaccounts',
      namespace: 'capi-refit-node',
      name: 'refit-node',
    };
    site.server.data.delete(account);
    const end = await site.run('backup', sampleFlags());
    expect(end.code).toBe(EXIT.failed);
    expect(end.result.message).toContain('what dist/refit-node.k8s.yaml installs: apply it there');
    expect(site.server.count('create')).toBe(0);
  });

  it('is not tried when the Machine asks for something else now', async () => {
    const end = await site.run('kubelet', sampleFlags({ hash: 'v1-0000000000000000' }));
    expect(end.code).toBe(EXIT.badInput);
    expect(end.result.message).toMatch(/^the Machine asks for something else now/);
    expect(site.server.count('create')).toBe(0);
  });
});

describe('a step with parts of both', () => {
  it('does not ask the node when the API refuses', async () => {
    site.withApi('preflight', {
      before: () => Promise.reject(new StatusError('skips a minor', { reason: 'Failed' })),
    });
    expect((await site.run('preflight', sampleFlags())).code).toBe(EXIT.failed);
    expect(site.server.count('create')).toBe(0);
  });

  it('lets the API judge what the node said', async () => {
    site.withApi('preflight', {
      before: async () => ({ message: 'may go on', changes: [] }),
      after: async ({ report }) => ({
        message: `${report?.result.message}, but nowhere to drain to`,
        changes: [],
        outputs: { work: report?.outputs['work'] ?? '', drain: 'false' },
      }),
    });
    const said = sampleReport(
      { step: 'preflight', outcome: 'unchanged', message: 'work' },
      { work: 'true', drain: 'true' },
    );
    const end = await site.played('preflight', sampleFlags(), said);
    expect(end).toMatchObject({
      code: EXIT.done,
      outputs: { work: 'true', drain: 'false' },
      result: { outcome: 'unchanged', message: 'work, but nowhere to drain to', durationSeconds: 12.5 },
    });
    expect(site.lines).toContain('may go on');
  });

  it('is failed by the API although the node is content', async () => {
    site.withApi('verify', {
      after: () => Promise.reject(new StatusError('not Ready', { reason: 'Failed' })),
    });
    const end = await site.played('verify', sampleFlags());
    expect(end).toMatchObject({ code: EXIT.failed, result: { outcome: 'failed', message: 'not Ready' } });
  });
});

describe('finish', () => {
  const flags = sampleFlags({ workflowStatus: 'Failed' });

  it('tells the node how the Workflow ended', async () => {
    site.withApi('finish', { after: async () => ({ message: 'over', changes: [] }) });
    await site.played('finish', flags, sampleReport({ step: 'finish' }, { host: 'idle' }));
    expect(site.inputSent()).toMatchObject({ step: 'finish', workflowStatus: 'Failed', plan: { steps: [] } });
    expect(site.inputSent()).not.toHaveProperty('desired');
  });

  it('reports what is known when the node cannot be asked', async () => {
    site.withApi('finish', {
      after: async ({ report }) => ({
        message: report ? 'asked' : 'the node could not be asked',
        changes: [],
        outputs: { host: 'unknown' },
      }),
    });
    const ended = site.run('finish', flags);
    await site.pass(2);
    await site.startPod('finish', flags);
    site.deleteJobOf('finish');
    await site.pass(20);
    expect(await ended).toMatchObject({
      code: EXIT.temporary,
      outputs: { host: 'unknown' },
      result: {
        outcome: 'failed',
        message: expect.stringMatching(/^the node could not be asked: Job .* is gone/),
      },
    });
  });

  it('fails when the node says so, and still reports', async () => {
    site.withApi('finish', {
      after: async () => ({ message: 'over', changes: [], outputs: { host: 'working' } }),
    });
    const report = sampleReport({ step: 'finish', outcome: 'failed' }, { host: 'working' });
    const end = await site.played('finish', flags, report, 1);
    expect(end).toMatchObject({
      code: EXIT.failed,
      outputs: { host: 'working' },
      result: { message: 'over' },
    });
  });
});
