import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { HostPlan } from '../../../src/api/host-plan.ts';
import type { NodeCommand } from '../../../src/api/commands.ts';
import type { NodeInput } from '../../../src/api/node-input.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { systemClock } from '../../../src/cli/clock.ts';
import { createApiClient } from '../../../src/kubernetes/api-client.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { sampleInput } from '../../steps/launcher/samples.ts';
import { playedHosts, type Hosts } from './host.ts';
import type { InMemoryServer } from './in-memory-server.ts';
import { appliedOn, furnishedNode } from './node-object.ts';
import type { Scene } from './script.ts';

const NODE = { collection: '/api/v1/nodes', namespace: '', name: 'node-1' };
const POD = { collection: '/api/v1/pods', namespace: 'kube-system', name: 'kube-apiserver-node-1' };
const clock = systemClock(100);
let server: ApiServer;
let client: InMemoryServer;
/** What happens in a step before its work. */
let play: (scene: Scene) => Promise<void>;
let hosts: Hosts;
let plan: HostPlan;

/** A player that has just started. */
function newHosts(): Hosts {
  return playedHosts({
    server: client,
    imageMap: async () => '',
    script: { obey: (scene) => play(scene) },
    clock,
  });
}

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  const api = createApiClient(server.kubeConfig(), systemClock());
  client = { ...api, put: (path, body) => api.mergePatch(path, body) };
  server.data.create(NODE, {
    metadata: { name: 'node-1' },
    status: { nodeInfo: { kubeletVersion: 'v1.33.7' } },
  });
  const metadata = { name: POD.name, namespace: POD.namespace, labels: { component: 'kube-apiserver' } };
  server.data.create(POD, { metadata, spec: { nodeName: 'node-1' } });
  play = async () => undefined;
  hosts = newHosts();
  const node = await furnishedNode(client, 'node-1');
  const sample = sampleInput().plan;
  const names = ['kubeadm', 'configure', 'kubelet', 'verify'] as const;
  plan = {
    ...sample,
    ...{ role: 'control-plane', kubernetes: 'v1.34.3' },
    node: { name: 'node-1', uid: text(node, 'metadata', 'uid') ?? '', machineID: 'lab-node-1' },
    steps: names.map((name) => ({ name, timeoutSeconds: 300 })),
  };
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

function launch(step: NodeCommand, more: Partial<NodeInput> = {}): Promise<StepReport> {
  const input = { version: 1, step, timeoutSeconds: 300, plan, planSha256: '', ...more } as const;
  return hosts.launch(input);
}

const outcomes = (reports: StepReport[]): string[] =>
  reports.map(({ result }) => `${result.step} ${result.outcome}`);
const flip = (): Promise<StepReport[]> => Promise.all(plan.steps.map(({ name }) => launch(name)));
const applied = () => appliedOn(server.data.get(NODE) ?? {});
const image = (): unknown => at(list(server.data.get(POD), 'spec', 'containers')[0] ?? null, 'image');

describe('the host of a node', () => {
  it('looks like one that a kubelet has registered', () => {
    expect(image()).toBe('registry.k8s.io/kube-apiserver:v1.33.7');
    expect(at(server.data.get(POD), 'metadata', 'annotations')).toHaveProperty([
      'kubernetes.io/config.mirror',
    ]);
  });

  it('does its list in order, whoever asks first, and shows it on Node and static pods', async () => {
    const begun: string[] = [];
    play = async ({ step }) => void begun.push(step);
    const [verify, rest] = await Promise.all([launch('kubelet').then(() => launch('verify')), flip()]);
    expect(begun).toEqual(['kubeadm', 'configure', 'kubelet', 'verify']);
    expect(outcomes(rest)).toEqual([
      'kubeadm changed',
      'configure changed',
      'kubelet changed',
      'verify unchanged',
    ]);
    expect(rest.at(-1)).toEqual(verify);
    expect(text(server.data.get(NODE), 'status', 'nodeInfo', 'kubeletVersion')).toBe('v1.34.3');
    expect(image()).toBe('registry.k8s.io/kube-apiserver:v1.34.3');
    expect(applied()).toEqual({
      ...{ operation: plan.operation, kubernetes: 'v1.34.3', desired: plan.desiredSha256, count: 1 },
    });
  });

  it('waits for its drain, also when the player has started anew, and goes on then', async () => {
    const begun: string[] = [];
    play = async ({ step }) => void begun.push(step);
    plan = {
      ...plan,
      steps: plan.steps.map((row) => (row.name === 'configure' ? { ...row, waitSeconds: 600 } : row)),
    };
    const asked = flip();
    await launch('kubeadm');
    await clock.sleep(5);
    expect(begun).toEqual(['kubeadm']);
    expect(outcomes([await launch('drain', { drained: true })])).toEqual(['drain unchanged']);
    expect(outcomes(await asked)).toContain('kubelet changed');
    hosts = newHosts();
    expect(outcomes(await flip())).toContain('kubelet changed');
  });

  it('ends at that step when it could not be drained', async () => {
    plan = {
      ...plan,
      steps: plan.steps.map((row) => (row.name === 'configure' ? { ...row, waitSeconds: 600 } : row)),
    };
    const asked = flip();
    await launch('drain', { drained: false });
    expect(outcomes(await asked).slice(1)).toEqual([
      'configure cancelled',
      'kubelet cancelled',
      'verify cancelled',
    ]);
  });

  it('counts only what it really did: not what another player did before it, nor what is there', async () => {
    expect((await launch('preflight')).outputs).toMatchObject({ work: 'true', drain: 'true' });
    await flip();
    hosts = newHosts();
    expect(outcomes(await flip())).toContain('kubelet changed');
    expect(applied()?.count).toBe(1);
    plan = { ...plan, operation: 'the-next-one' };
    expect((await launch('preflight')).outputs).toMatchObject({ work: 'false', drain: 'false' });
    expect(outcomes(await flip())).toContain('kubelet unchanged');
    expect(applied()?.count).toBe(1);
    plan = { ...plan, operation: 'one-more', desiredSha256: 'f'.repeat(64) };
    expect((await launch('preflight')).outputs['work']).toBe('true');
    await flip();
    expect(applied()).toMatchObject({ operation: 'one-more', count: 2 });
  });

  it('begins nothing after a step that failed', async () => {
    play = async ({ step }) => {
      if (step === 'configure') throw new StatusError('no space left', { reason: 'Failed' });
    };
    const reports = await flip();
    expect(outcomes(reports).slice(1)).toEqual(['configure failed', 'kubelet failed', 'verify failed']);
    expect(reports[1]?.result.message).toBe('no space left');
    expect(applied()).toBeUndefined();
  });

  it('is working for `finish` while a step is held, begins no further one, and then is idle', async () => {
    const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    play = async ({ step }) => {
      if (step !== 'kubeadm') return;
      begun.resolve();
      await held.promise;
    };
    const asked = flip();
    await begun.promise;
    expect((await launch('finish', { workflowStatus: 'Failed' })).outputs).toEqual({ host: 'working' });
    held.resolve();
    expect(outcomes(await asked)).toEqual([
      ...['kubeadm changed', 'configure cancelled', 'kubelet cancelled', 'verify cancelled'],
    ]);
    expect((await launch('finish', { workflowStatus: 'Failed' })).outputs).toEqual({ host: 'idle' });
  });

  it('lets another operation wait until it has ended', async () => {
    const held = Promise.withResolvers<void>();
    const begun: string[] = [];
    play = async ({ step }) => {
      begun.push(step);
      if (begun.length === 1) await held.promise;
    };
    const first = flip();
    plan = { ...plan, operation: 'the-next-one' };
    const second = flip();
    held.resolve();
    await Promise.all([first, second]);
    expect(begun.map((step, index) => (index < 4 ? '' : step))).toEqual([
      ...['', '', '', '', 'kubeadm', 'configure', 'kubelet', 'verify'],
    ]);
  });

  it('verifies although nothing was handed over, and refuses what is for another machine', async () => {
    expect((await launch('verify')).result.outcome).toBe('unchanged');
    plan = { ...plan, node: { ...plan.node, uid: 'another' } };
    await expect(launch('verify')).rejects.toMatchObject({ reason: 'BadInput' });
  });

  it('is put back by a rollback, and has work again', async () => {
    await flip();
    expect((await launch('rollback')).result.message).toBe('back to v1.33.7');
    expect(image()).toBe('registry.k8s.io/kube-apiserver:v1.33.7');
    expect((await launch('preflight')).outputs['work']).toBe('true');
  });
});
