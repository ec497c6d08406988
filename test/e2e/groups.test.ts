import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { chosen, GROUPS, workersOf } from './groups.ts';

const told = (all: boolean, ...words: string[]) =>
  chosen({ all, words }).map(({ name, stories }) => [name, ...stories.map((one) => one.name)].join(' '));

describe('the stories that are told', () => {
  it('are the happy path, what it is compared with, and three faults', () => {
    expect(told(false)).toEqual([
      'refit control-plane worker kubelet-does-not-start budget-never-allows staged-kubelet-corrupt',
      'plain plain-control-plane plain-worker',
    ]);
  });

  it('are all, if asked for', () => {
    const every = GROUPS.map(({ name, stories }) => [name, ...stories.map((one) => one.name)].join(' '));
    expect(told(true)).toEqual(every);
  });

  it('are those that are named, after what they stand on', () => {
    expect(told(false, 'argo-restarted', 'single-node')).toEqual([
      'plain plain-control-plane argo-restarted',
      'single-node configuration single-node',
    ]);
  });

  it('are those of the flip, and what it is compared with', () => {
    expect(chosen({ all: false, flip: true, words: [] }).map(({ name }) => name)).toEqual([
      'plain',
      'flip',
      'flip-taken-back',
      'flip-fails',
      'flip-ha',
      'flip-vip',
    ]);
  });

  it('are those of clusters with three control planes', () => {
    const groups = chosen({ all: false, flip: true, controlPlanes: 3, words: [] });
    expect(groups.map(({ name }) => name)).toEqual(['flip-ha', 'flip-vip']);
  });

  it('are only those where a cluster is there already', () => {
    const [group] = chosen({ all: false, words: ['node-rebooted'], isGrounded: true });
    expect(group?.stories.map(({ name }) => name)).toEqual(['node-rebooted']);
  });

  it('are all of a group that is named', () => {
    expect(told(false, 'plain')).toEqual([
      'plain plain-control-plane plain-worker api-server-away disk-nearly-full argo-restarted',
    ]);
  });

  it('are none for a word that nothing has', () => {
    expect(() => told(false, 'nothing')).toThrow('got nothing, expected one of: refit,');
  });
});

it('each cluster has a worker for each story that takes one, and those that are compared have as many', () => {
  const workers = (all: boolean, ...words: string[]) => {
    const groups = chosen({ all, words });
    return groups.map((group) => workersOf(groups, group));
  };
  expect(workers(false)).toEqual([4, 4]);
  expect(workers(true)).toEqual([4, 4, 4, 4, 0, 0, 0, 0]);
  expect(workers(false, 'flip')).toEqual([4]);
  expect(workers(false, 'worker', 'plain-worker')).toEqual([2, 2]);
  expect(workers(false, 'control-plane')).toEqual([2]);
});

it('every story is a file, and every file is in one group', () => {
  const files = readdirSync(new URL('stories', import.meta.url)).map((file) => file.replace('.test.ts', ''));
  const names = GROUPS.flatMap(({ stories }) => stories.map(({ name }) => name));
  expect([...names].sort()).toEqual(files.sort());
});
