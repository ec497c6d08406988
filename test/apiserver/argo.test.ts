// What the generated Workflows do on Argo's real controller; their pods are played, see pod-player.ts.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EXIT } from '../../src/api/commands.ts';
import type { TaskPhase, WorkflowView } from '../../src/hook/store.ts';
import type { Ending } from '../helpers/argo-pod.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ArgoSite, createArgoSite, type Operations } from './argo-site.ts';
import type { Script } from './pod-player.ts';

jest.setTimeout(60_000);

const PLAN_SHA256 = 'ab'.repeat(32);
const DONE: Ending = {
  exitCode: EXIT.done,
  outputs: { work: 'true', drain: 'true', 'plan-sha256': PLAN_SHA256, host: 'idle' },
};
const FAILED: Ending = { exitCode: EXIT.failed, message: 'etcd is not healthy' };
const BAD_INPUT: Ending = { exitCode: EXIT.badInput };
const LATER: Ending = { exitCode: EXIT.temporary };
/** Would be tried again, were it not for the stop. */
const TERMINATED: Ending = { exitCode: 143 };

const AT_ONCE = [
  ...['preflight', 'protect', 'backup', 'stage', 'prepull'],
  ...['drain', 'kubeadm', 'configure', 'kubelet', 'verify'],
];

/** By machine. All run at the same time: Argo takes a second for each step in a row. */
const OPERATIONS: Operations = {
  'all-well': {
    script: ({ step }) =>
      AT_ONCE.includes(step) && !AT_ONCE.every(hasStarted('all-well')) ? undefined : DONE,
  },
  failing: { script: ({ step }) => (step === 'kubeadm' ? FAILED : DONE) },
  refused: { script: ({ step }) => (step === 'preflight' ? BAD_INPUT : step === 'finish' ? DONE : FAILED) },
  retried: { script: ({ step, attempt }) => (step === 'stage' && attempt === 0 ? LATER : DONE) },
  stopped: {
    // The exit handler goes on until Argo has seen how the stopped step ended.
    script({ step }) {
      const { stopping, tasks = [], finish } = site.view('stopped') ?? {};
      if (step === 'stage') return stopping ? TERMINATED : undefined;
      if (step !== 'finish') return DONE;
      return finish?.phase === 'Running' && phases(tasks)['stage'] === 'Failed' ? DONE : undefined;
    },
  },
  'cp-1': { script: onceWaitedFor('cp-2'), cluster: 'shared' },
  'cp-2': { script: onceWaitedFor('cp-1'), cluster: 'shared' },
  'worker-1': { script: onceWaitedFor('worker-2'), cluster: 'shared', role: 'worker' },
  'worker-2': { script: onceWaitedFor('worker-1'), cluster: 'shared', role: 'worker' },
};
const LIMITS = { shared: 1 };

/** Ends at its first step, but not before Argo made the other one wait for the lock. */
function onceWaitedFor(other: string): Script {
  return ({ step }) => {
    const { finishedAt, message = '' } = site.view(other) ?? {};
    if (finishedAt === undefined && !message.startsWith('Waiting for')) return undefined;
    return step === 'preflight' ? FAILED : DONE;
  };
}

let site: ArgoSite;
beforeAll(async () => {
  site = await createArgoSite(process.env['REFIT_TEST_KUBECONFIG'] ?? '');
  await site.start(OPERATIONS, LIMITS);
});
afterAll(async () => {
  await site.close();
});

describe('an operation', () => {
  it('begins all steps at once, then the one that needs them all, then the exit handler', async () => {
    const { phase, tasks, finish } = await site.ended('all-well');
    expect({ phase, tasks: phases(tasks) }).toEqual({ phase: 'Succeeded', tasks: all(tasks, 'Succeeded') });
    expect(tasks).toHaveLength(11);
    expect(finish).toMatchObject({ phase: 'Succeeded', outputs: { host: 'idle' } });
    const waves = [[...AT_ONCE].sort(), ['complete'], ['finish']];
    expect(inWavesLike(waves, started('all-well'))).toEqual(waves);
  });

  it('tells the steps of the node what to wait for, and the exit handler how it went', async () => {
    await site.ended('all-well');
    const waiting = site
      .events('all-well')
      .filter(
        ({ what, args }) =>
          what === 'started' && args.includes('--behind=preflight,protect,backup,stage,prepull'),
      );
    const ofList = ['configure', 'drain', 'kubeadm', 'kubelet', 'verify'];
    expect(waiting.map(({ step }) => step).sort()).toEqual(ofList);
    expect(argsOf('all-well', 'finish')).toContain('--workflow-status=Succeeded');
  });
});

describe('a step that fails', () => {
  it('is not tried again, stops what follows, and is named', async () => {
    const { phase, tasks, finish } = await site.ended('failing');
    expect({ phase, tasks: phases(tasks) }).toEqual({
      phase: 'Failed',
      tasks: { ...all(tasks, 'Succeeded'), kubeadm: 'Failed', complete: 'Omitted' },
    });
    expect(tasks.find(({ name }) => name === 'kubeadm')?.message).toContain('etcd is not healthy');
    expect(started('failing').filter((step) => step === 'kubeadm')).toHaveLength(1);
    expect(started('failing').at(-1)).toBe('finish');
    expect(argsOf('failing', 'finish')).toContain('--workflow-status=Failed');
    expect(finish).toMatchObject({ phase: 'Succeeded', outputs: { host: 'idle' } });
  });

  it('is not tried again after bad input either', async () => {
    expect(await site.ended('refused')).toMatchObject({ phase: 'Failed', finish: { phase: 'Succeeded' } });
    expect(started('refused').sort()).toEqual([...AT_ONCE, 'finish'].sort());
  });

  it('is tried again when that may help, and its outputs are those of the last try', async () => {
    const { phase, tasks } = await site.ended('retried');
    expect({ phase, tasks: phases(tasks) }).toEqual({ phase: 'Succeeded', tasks: all(tasks, 'Succeeded') });
    expect(started('retried').filter((step) => step === 'stage')).toHaveLength(2);
    expect(tasks.find(({ name }) => name === 'stage')?.outputs).toMatchObject({ 'plan-sha256': PLAN_SHA256 });
  });
});

describe('stopping', () => {
  it('starts nothing new, and lets the exit handler run to its end', async () => {
    const hasEnded = (name: string) =>
      site.events('stopped').some(({ step, what }) => step === name && what === 'ended');
    const isInTheMiddle = () =>
      ['protect', 'backup', 'prepull'].every(hasEnded) && hasStarted('stopped')('stage');
    await eventually('in the middle', isInTheMiddle, 50);
    await site.stopWorkflow('stopped');
    expect(await site.ended('stopped')).toMatchObject({
      ...{ phase: 'Failed', stopping: true },
      finish: { phase: 'Succeeded', outputs: { host: 'idle' } },
    });
    // Not `complete`.
    expect(started('stopped').sort()).toEqual([...AT_ONCE, 'finish'].sort());
  });
});

describe('of one Cluster', () => {
  it.each([
    ['control-plane machines', 'cp-1', 'cp-2'],
    ['workers, when the limit is 1,', 'worker-1', 'worker-2'],
  ])('%s go one after the other', async (_what, ...machines) => {
    const ended: string[] = [];
    for (const machine of machines) ended.push((await site.ended(machine)).name);
    const order = site.events().map(({ workflow }) => workflow);
    const turns = order
      .filter((name) => ended.includes(name))
      .filter((name, i, both) => name !== both[i - 1]);
    expect(turns.sort()).toEqual(ended.sort());
    for (const machine of machines) expect(started(machine).sort()).toEqual([...AT_ONCE, 'finish'].sort());
  });
});

it('one that has ended goes when its time is said to be over', async () => {
  await site.ended('cp-1');
  await site.expireWorkflow('cp-1');
  await eventually('deleted by Argo', () => site.view('cp-1') === undefined, 30);
});

function phases(tasks: WorkflowView['tasks']): Record<string, TaskPhase> {
  return Object.fromEntries(tasks.map(({ name, phase }) => [name, phase]));
}

function all(tasks: WorkflowView['tasks'], phase: TaskPhase): Record<string, TaskPhase> {
  return Object.fromEntries(tasks.map(({ name }) => [name, phase]));
}

/** Steps in the order in which their pods started, one for each try. */
function started(machine: string): string[] {
  const events = site.events(machine).filter(({ what }) => what === 'started');
  return events.map(({ step }) => step);
}

function hasStarted(machine: string): (step: string) => boolean {
  return (step) => started(machine).includes(step);
}

/** In a wave any order is right: the pods are so quick that one may have ended before the next begins. */
function inWavesLike(waves: readonly string[][], steps: readonly string[]): string[][] {
  const rest = [...steps];
  const found = waves.map((wave) => rest.splice(0, wave.length).sort());
  return rest.length === 0 ? found : [...found, rest];
}

function argsOf(machine: string, step: string): readonly string[] {
  return site.events(machine).find((event) => event.step === step)?.args ?? [];
}
