import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StepReport } from '../../../src/api/step-result.ts';
import { planFile } from '../../../src/steps/host/folders.ts';
import { readDecision } from '../../../src/steps/node/flip/decision.ts';
import { decisionFile } from '../../../src/steps/node/flip/flip-folder.ts';
import type { StepContext } from '../../../src/steps/node/node-step.ts';
import { manifestFile } from '../../../src/steps/node/static-pods.ts';
import { leavePlan } from '../../../src/steps/operation/leave-plan.ts';
import { handOverFile, writeRecord } from '../../../src/steps/operation/records.ts';
import type { Site } from '../../../src/steps/operation/site.ts';
import { createStepLogs } from '../../../src/steps/operation/step-logs.ts';
import { createFlipSite, type FlipSite } from '../node/flip/render-site.ts';
import { fakeSystemd } from './fake-systemd.ts';
import { recordedStep, steps } from './samples.ts';

const OPERATION = 'machine-1-1';

let node: FlipSite;
let site: Site;
beforeEach(async () => {
  node = await createFlipSite();
  site = {
    host: node.host,
    systemd: fakeSystemd(node.host, async () => undefined),
    guard: { hold: (work) => work() },
    logs: createStepLogs(node.host.root),
    program: ['/opt/node', '/opt/refit.js'],
  };
});
afterEach(() => node.host.remove());

const staged = (outcome: StepReport['result']['outcome']): StepReport => ({
  result: {
    ...{ version: 1, step: 'stage', operation: OPERATION, outcome, message: 'staged', changes: [] },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', durationSeconds: 1 },
  },
  outputs: {},
});
const leave = (context: StepContext, outcome: StepReport['result']['outcome'] = 'changed') =>
  leavePlan(site, steps(), { host: node.host, context, report: staged(outcome) });
const isThere = async (path: string): Promise<boolean> => (await node.host.files.status(path)) !== undefined;

describe('stage leaves', () => {
  it('how the control plane is moved, beside the plan, and says it', async () => {
    const { result } = await leave(node.context());
    expect(result.message).toBe(
      'staged; note: the control plane will be flipped, etcd to another minor version',
    );
    expect((await readDecision(node.host, OPERATION))?.method).toBe('flip');
    expect(await isThere(planFile(OPERATION))).toBe(true);
  });

  it('the reason why it is not flipped; the plan all the same', async () => {
    await node.host.files.remove(manifestFile('etcd'));
    const { result, outputs } = await leave(node.context());
    expect(result).toMatchObject({
      outcome: 'changed',
      message: expect.stringMatching(/^staged; note: controlPlane\.method: kubeadm instead of flip: .*etcd/),
    });
    expect(outputs['plan-sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect((await readDecision(node.host, OPERATION))?.method).toBe('kubeadm');
  });

  it('nothing of it where nobody asks for a flip', async () => {
    const { result } = await leave(node.context({ plan: { controlPlane: { method: 'kubeadm' } } }));
    expect(result.message).toBe('staged');
    expect(await isThere(decisionFile(OPERATION))).toBe(false);
  });

  it('nothing when it failed, also of what an earlier one has left', async () => {
    await leave(node.context());
    await leave(node.context(), 'failed');
    expect(await isThere(decisionFile(OPERATION))).toBe(false);
    expect(await isThere(planFile(OPERATION))).toBe(false);
  });

  it('nothing when no step has work', async () => {
    const done = recordedStep('kubeadm', { prepare: async () => ({ refusals: [], actions: [], notes: [] }) });
    const report = staged('unchanged');
    const context = node.context();
    await leavePlan(site, steps(done), { host: node.host, context, report });
    expect(node.asked).toEqual([]);
    expect(await isThere(decisionFile(OPERATION))).toBe(false);
  });
});

it('what the node works from since it was handed over stays as it is', async () => {
  await leave(node.context());
  await writeRecord(node.host, handOverFile(OPERATION), { planSha256: 'a', bootId: 'b', at: 'now' });
  const before = await node.host.files.read(decisionFile(OPERATION));
  node.asked.length = 0;
  await node.host.files.remove(manifestFile('etcd'));
  await leave(node.context());
  expect(await node.host.files.read(decisionFile(OPERATION))).toEqual(before);
  expect(node.asked).toEqual([]);
});
