// What the Workflow of an owner's upgrade does on Argo's real controller; its pods are played, see pod-player.ts.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EXIT } from '../../src/api/commands.ts';
import { askOf } from '../../src/api/external-owner.ts';
import { systemClock } from '../../src/cli/clock.ts';
import { externalTemplates } from '../../src/generators/external-templates.ts';
import { externalUpgradeWorkflow } from '../../src/generators/external-upgrade.ts';
import { externalTemplatesName } from '../../src/generators/names.ts';
import { kubernetesStore } from '../../src/hook/kubernetes/store.ts';
import { silent } from '../../src/hook/log.ts';
import type { Store } from '../../src/hook/store.ts';
import type { Ending } from '../helpers/argo-pod.ts';
import { eventually } from '../helpers/eventually.ts';
import { controlPlane, machineDeployment } from '../helpers/external.ts';
import { plan, PLAN_STEPS } from '../helpers/plan.ts';
import { edited, policyOf } from '../helpers/requests.ts';
import { apiOf, expectOk, kubeConfigOf } from './api.ts';
import { startArgoController } from './argo-controller.ts';
import type { Daemon } from './daemon.ts';
import { startPodPlayer, type PlayedEvent, type PodPlayer, type Script } from './pod-player.ts';
import { STRICT } from './site.ts';

jest.setTimeout(180_000);

const TEMPLATES = '/apis/argoproj.io/v1alpha1/clusterworkflowtemplates';
const id = randomBytes(4).toString('hex');
const namespace = `refit-external-${id}`;
const version = `0.0.0-external-${id}`;
const kubeconfigPath = process.env['REFIT_TEST_KUBECONFIG'] ?? '';
const api = apiOf(kubeConfigOf(kubeconfigPath));
const DONE: Ending = {
  exitCode: EXIT.done,
  outputs: { work: 'true', drain: 'true', 'plan-sha256': 'ab'.repeat(32) },
};
const FAILED: Ending = { exitCode: EXIT.failed, message: 'etcd is not healthy' };
/** Would be tried again, were it not for the stop. */
const TERMINATED: Ending = { exitCode: 143 };

interface Upgrade {
  role: 'control-plane' | 'worker';
  machines: string[];
  script: (machine: string, step: string) => Ending | undefined;
}

/** By owner. Each in a Cluster of its own. */
const UPGRADES: Readonly<Record<string, Upgrade>> = {
  well: { role: 'control-plane', machines: ['well-a', 'well-b'], script: () => DONE },
  workers: { role: 'worker', machines: ['w-a', 'w-b', 'w-c'], script: onceTwoRun },
  failing: {
    role: 'control-plane',
    machines: ['failing-a', 'failing-b'],
    script: (_machine, step) => (step === 'kubeadm' ? FAILED : DONE),
  },
  stopped: {
    role: 'control-plane',
    machines: ['stopped-a', 'stopped-b'],
    script: (_machine, step) => {
      if (step !== 'stage') return DONE;
      return store.workflow(namespace, nameOf('stopped'))?.stopping ? TERMINATED : undefined;
    },
  },
};

let store: Store;
let player: PodPlayer;
let controller: Daemon;
/** Owner -> its Workflow. */
const names = new Map<string, string>();

beforeAll(async () => {
  await expectOk(api.create('/api/v1/namespaces', { metadata: { name: namespace } }));
  const image = `example.com/refit@sha256:${'0'.repeat(64)}`;
  await expectOk(api.create(TEMPLATES + STRICT, externalTemplates({ version, image })));
  controller = await startArgoController(api, kubeconfigPath, namespace);
  player = startPodPlayer(api, namespace, script);
  store = kubernetesStore({ kubeConfig: kubeConfigOf(kubeconfigPath), clock: systemClock(), log: silent });
  await store.start();
  await eventually('store ready', () => store.ready());
  for (const [owner, upgrade] of Object.entries(UPGRADES)) await start(owner, upgrade);
});
afterAll(async () => {
  await controller?.stop();
  await store?.close();
  await api.delete(`${TEMPLATES}/${externalTemplatesName(version)}`);
  await player?.stop();
});

async function start(owner: string, { role, machines }: Upgrade): Promise<void> {
  const object = edited(
    role === 'worker' ? machineDeployment() : controlPlane(),
    ['/metadata/name', owner],
    ['/metadata/namespace', namespace],
    ['/metadata/uid', `uid-${owner}-${id}`],
    ['/metadata/labels/cluster.x-k8s.io~1cluster-name', owner],
    ['/spec/clusterName', owner],
  );
  const ask = askOf(object);
  const policy = policyOf({ workers: { concurrency: 2 } });
  if (role === 'worker') await store.limitWorkers({ namespace, name: owner, uid: `c-${id}`, labels: {} }, 2);
  const upgrades = machines.map((name) => ({
    ...{ name, uid: `uid-${name}`, nodeName: name, number: 1, hash: `hash-of-${name}` },
    plan: plan(role, PLAN_STEPS),
    patches: { machine: {}, bootstrapConfig: {}, infrastructureMachine: {} },
  }));
  const workflow = externalUpgradeWorkflow({ ask, apiVersion: 'v1', number: 1, upgrades, policy, version });
  names.set(owner, workflow.metadata?.name ?? '');
  await store.createWorkflow(workflow);
}

function nameOf(owner: string): string {
  return names.get(owner) ?? '';
}

function script(current: Parameters<Script>[0]): Ending | undefined {
  const owner = [...names].find(([, name]) => name === current.workflow)?.[0] ?? '';
  return UPGRADES[owner]?.script(machineOf(current.args), current.step);
}

function machineOf(args: readonly string[]): string {
  return flag(args, 'machine') ?? '';
}

function flag(args: readonly string[], name: string): string | undefined {
  return args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
}

/** The first worker waits at its first step until a second one runs beside it. */
function onceTwoRun(machine: string, step: string): Ending | undefined {
  if (machine !== 'w-a' || step !== 'begin') return DONE;
  return events('workers').some(({ args }) => machineOf(args) === 'w-b') ? DONE : undefined;
}

function events(owner: string): PlayedEvent[] {
  return player.events.filter(({ workflow }) => workflow === nameOf(owner));
}

async function ended(owner: string): Promise<string> {
  const view = () => store.workflow(namespace, nameOf(owner));
  await eventually(
    `${owner} ended`,
    () => view()?.finishedAt !== undefined || view()?.message || 'runs',
    150,
  );
  return view()?.phase ?? '';
}

/** `machine step` in the order of their starts. */
function startsOf(owner: string): string[] {
  return events(owner)
    .filter(({ what }) => what === 'started')
    .map(({ args, step }) => `${machineOf(args)} ${step}`.trim());
}

/** The most Machines that were in work at a time. */
function mostAtOnce(owner: string): number {
  const running = new Set<string>();
  let most = 0;
  for (const { args, step, what } of events(owner)) {
    const machine = machineOf(args);
    if (machine === '') continue;
    if (step === 'begin' && what === 'started') running.add(machine);
    most = Math.max(most, running.size);
    if (step === 'complete' && what === 'ended') running.delete(machine);
  }
  return most;
}

describe('the upgrade of an owner', () => {
  it('takes one control-plane Machine after the other, each with its own parameters, and releases at the end', async () => {
    expect(await ended('well')).toBe('Succeeded');
    const starts = startsOf('well');
    expect(starts[0]).toBe('prepare');
    expect(starts.at(-1)).toBe('release');
    expect(mostAtOnce('well')).toBe(1);
    expect(starts.indexOf('well-b begin')).toBeGreaterThan(starts.indexOf('well-a complete'));
    const steps = ['begin', ...PLAN_STEPS, 'settle'].sort();
    for (const machine of ['well-a', 'well-b']) {
      const own = events('well').filter(
        ({ args, what }) => what === 'started' && machineOf(args) === machine,
      );
      expect(own.map(({ step }) => step).sort()).toEqual(steps);
      const hashes = own.map(({ args }) => flag(args, 'hash')).filter((hash) => hash !== undefined);
      expect(new Set(hashes)).toEqual(new Set([`hash-of-${machine}`]));
      const stage = own.find(({ step }) => step === 'stage');
      expect(flag(stage?.args ?? [], 'workflow')).toMatch(new RegExp(`^refit-${machine}-[0-9a-f]{8}-1$`));
    }
    const release = events('well').find(({ step }) => step === 'release');
    expect(flag(release?.args ?? [], 'workflow-status')).toBe('Succeeded');
    expect(flag(release?.args ?? [], 'workflow')).toBe(nameOf('well'));
  });

  it('takes as many workers at a time as the limit says, not more', async () => {
    expect(await ended('workers')).toBe('Succeeded');
    expect(mostAtOnce('workers')).toBe(2);
    expect(startsOf('workers').filter((start) => start.endsWith(' complete'))).toHaveLength(3);
  });

  it('begins no further Machine after a failure, and releases', async () => {
    expect(await ended('failing')).toBe('Failed');
    const starts = startsOf('failing');
    expect(starts.filter((start) => start.startsWith('failing-b'))).toEqual([]);
    expect(starts).not.toContain('failing-a settle');
    const release = events('failing').find(({ step }) => step === 'release');
    expect(flag(release?.args ?? [], 'workflow-status')).toBe('Failed');
  });

  it('releases when it is stopped', async () => {
    await eventually('stage runs', () => startsOf('stopped').includes('stopped-a stage'), 100);
    await store.stopWorkflow(namespace, nameOf('stopped'));
    expect(await ended('stopped')).toBe('Failed');
    expect(startsOf('stopped')).toContain('release');
    expect(startsOf('stopped').filter((start) => start.startsWith('stopped-b'))).toEqual([]);
  });
});
