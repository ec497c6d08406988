import { expect, it } from '@jest/globals';
import { CONTROL_PLANE_LABEL } from '../../src/api/labels.ts';
import { writeRecord } from '../../src/api/operation.ts';
import type { MachineView, Store, WorkflowPhase, WorkflowView } from '../../src/hook/store.ts';
import { freeStuckLock } from '../../src/hook/stuck-lock.ts';
import { fakeClock } from '../helpers/clock.ts';

const NAMESPACE = 'edge';
const clock = fakeClock();
const before = (seconds: number): string => new Date(clock.now().getTime() - seconds * 1000).toISOString();

interface Seen {
  phase: WorkflowPhase;
  finishedAt?: string;
  lockHolders?: string[];
}
const OVER: Seen = { phase: 'Succeeded', finishedAt: before(61) };
const waits = (...lockHolders: string[]): Seen => ({ phase: 'Pending', lockHolders });

/** Machines of a Cluster, whose operations have Workflows of their names; `w-` are workers. */
async function look(workflows: Record<string, Seen>, machine = 'cp-2'): Promise<string[]> {
  const machines = new Map(Object.keys(workflows).map((name) => [name, machineView(name)]));
  const done: string[] = [];
  const store = {
    machines: () => machines.values(),
    workflow: (_namespace: string, name: string) => workflows[name] && workflowView(name, workflows[name]),
    expireWorkflow: async (_namespace: string, name: string) => void done.push(`expire ${name}`),
  } as Partial<Store> as Store;
  const announce = (subject: { name: string }, _type: string, reason: string): void =>
    void done.push(`${reason} ${subject.name}`);
  await freeStuckLock({ store, announce, clock }, machines.get(machine) as MachineView);
  return done;
}

function machineView(name: string): MachineView {
  const record = { version: 1, number: 1, hash: 'h', state: 'running', to: 'v1.34.3' } as const;
  return {
    ...{
      namespace: NAMESPACE,
      name,
      uid: `uid-${name}`,
      cluster: 'c',
      resourceVersion: '1',
      deleting: false,
    },
    labels: name.startsWith('cp') ? { [CONTROL_PLANE_LABEL]: '' } : {},
    annotations: writeRecord({ ...record, startedAt: before(100), workflow: name }),
  };
}

function workflowView(name: string, { phase, finishedAt, lockHolders }: Seen): WorkflowView {
  return {
    ...{ namespace: NAMESPACE, name, machine: name, phase, stopping: false, tasks: [] },
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(lockHolders === undefined ? {} : { lockHolders }),
  };
}

it('a Workflow that ended long ago, and for whose lock another one waits, goes; people are told', async () => {
  expect(await look({ 'cp-1': OVER, 'cp-2': waits('cp-1'), 'w-1': { phase: 'Running' } })).toEqual([
    'expire cp-1',
    'InPlaceLockFreed cp-2',
  ]);
});

it.each<[string, Record<string, Seen>]>([
  ['ended just now', { 'cp-1': { ...OVER, finishedAt: before(60) }, 'cp-2': waits('cp-1') }],
  ['runs', { 'cp-1': { phase: 'Running' }, 'cp-2': waits('cp-1') }],
  ['is not known', { 'cp-2': waits('cp-1') }],
  [
    'is one of several, of which one runs',
    { 'cp-1': OVER, 'cp-3': { phase: 'Running' }, 'cp-2': waits('cp-1') },
  ],
  [
    'has given it to one that has just ended',
    { 'cp-1': OVER, 'cp-3': { ...OVER, finishedAt: before(5) }, 'cp-2': waits('cp-1') },
  ],
  ['is not waited for any more', { 'cp-1': OVER, 'cp-2': { phase: 'Running', lockHolders: ['cp-1'] } }],
  ['was never waited for', { 'cp-1': OVER, 'cp-2': { phase: 'Pending' } }],
])('a holder of a lock stays when it %s', async (_, workflows) => {
  expect(await look(workflows)).toEqual([]);
});

it('two that wait for it do not keep each other', async () => {
  expect(await look({ 'cp-1': OVER, 'cp-2': waits('cp-1'), 'cp-3': waits('cp-1') })).toContain('expire cp-1');
});
