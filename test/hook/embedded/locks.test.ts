import { describe, expect, it } from '@jest/globals';
import { createLocks } from '../../../src/hook/embedded/locks.ts';
import { fakeClock } from '../../helpers/clock.ts';

const MUTEX = 'lab/Mutex/edge-control-plane';
const SEMAPHORE = 'lab/ConfigMap/edge-refit-concurrency/workers';
const settle = () => fakeClock().settle();

/** Holders in the order in which they got what they asked for. */
function recorder() {
  const locks = createLocks();
  const order: string[] = [];
  const ask = (holder: string, names: string[], signal = new AbortController().signal): void =>
    void locks.acquire(holder, names, signal).then((result) => order.push(`${holder} ${result}`));
  return { locks, order, ask };
}

describe('a mutex', () => {
  it('is held by one at a time, in the order of asking', async () => {
    const { locks, order, ask } = recorder();
    for (const holder of ['a', 'b', 'c']) ask(holder, [MUTEX]);
    await settle();
    expect(order).toEqual(['a held']);
    locks.release('a');
    await settle();
    expect(order).toEqual(['a held', 'b held']);
  });

  it('passes over who gave up waiting', async () => {
    const { locks, order, ask } = recorder();
    const giveUp = new AbortController();
    ask('a', [MUTEX]);
    ask('b', [MUTEX], giveUp.signal);
    ask('c', [MUTEX]);
    giveUp.abort();
    locks.release('a');
    await settle();
    expect(order).toEqual(['a held', 'b aborted', 'c held']);
  });

  it('does not pass to one that still lacks another lock', async () => {
    const { locks, order, ask } = recorder();
    ask('a', [MUTEX]);
    ask('b', [MUTEX, 'lab/Mutex/other']);
    ask('c', ['lab/Mutex/other']);
    await settle();
    expect(order).toEqual(['a held']);
    locks.release('a');
    await settle();
    expect(order).toEqual(['a held', 'b held']);
  });
});

it('who gives up no longer keeps others away from the locks that it wanted', async () => {
  const { order, ask } = recorder();
  const giveUp = new AbortController();
  ask('a', [MUTEX]);
  ask('b', [MUTEX, 'lab/Mutex/other'], giveUp.signal);
  ask('c', ['lab/Mutex/other']);
  giveUp.abort();
  await settle();
  expect(order).toEqual(['a held', 'b aborted', 'c held']);
});

describe('a semaphore', () => {
  it('lets as many run as its limit says, and more when it is raised', async () => {
    const { locks, order, ask } = recorder();
    locks.limit(SEMAPHORE, 2);
    for (const holder of ['a', 'b', 'c', 'd']) ask(holder, [SEMAPHORE]);
    await settle();
    expect(order).toEqual(['a held', 'b held']);
    locks.limit(SEMAPHORE, 3);
    await settle();
    expect(order).toEqual(['a held', 'b held', 'c held']);
  });

  it('cannot be held when its ConfigMap is not there', async () => {
    const { locks } = recorder();
    await expect(locks.acquire('a', [SEMAPHORE], new AbortController().signal)).rejects.toMatchObject({
      reason: 'NotFound',
      message: expect.stringContaining(SEMAPHORE),
    });
  });
});
