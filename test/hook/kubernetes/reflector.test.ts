// Faults: only the stand-in can fail to order.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../helpers/until.ts';
import { KINDS, servedStore, type ServedStore } from './served-store.ts';

let on: ServedStore;
beforeEach(async () => {
  on = await servedStore();
});
afterEach(() => on.end());

describe('a lost connection', () => {
  it('loses no update: the watch goes on where it was', async () => {
    await on.started();
    on.server.dropWatches();
    await on.failures(1);
    on.changeMachine('m-1', 'missed');
    on.putMachine('m-2');
    on.server.requests = [];
    await on.clock.advance(0.5);
    await on.markSeen('m-1', 'missed');
    expect(on.store.machine('lab', 'm-2')).toBeDefined();
    expect(on.server.count('list')).toBe(0);
  });

  it('goes on from the last bookmark', async () => {
    await on.started();
    on.server.data.create({ collection: '/api/v1/pods', namespace: 'lab', name: 'p' }, { metadata: {} });
    const { version } = on.server.data;
    on.server.bookmark();
    on.putMachine('m-2');
    await until(() => on.store.machine('lab', 'm-2') !== undefined, 'what came after the bookmark seen');
    on.server.requests = [];
    on.server.dropWatches();
    await on.failures(1);
    await on.clock.advance(0.5);
    await until(() => on.server.watches === KINDS, 'watched again');
    const versions = on.server.requests.map(({ query }) => Number(query['resourceVersion']));
    expect(versions.sort()).toEqual([version, version, version, version + 1]);
  });

  it('is tried again with growing delays, up to 30 s', async () => {
    await on.started();
    await on.server.stop();
    await on.failures(1);
    let times = 1;
    for (const seconds of [0.5, 1, 2, 4, 8, 16, 30, 30]) {
      await on.clock.advance(seconds - 0.1);
      expect(on.log.entries).toHaveLength(KINDS * times);
      await on.clock.advance(0.1);
      await on.failures((times += 1));
    }
    on.changeMachine('m-1', 'while away');
    await on.server.start();
    await on.clock.advance(30);
    await on.markSeen('m-1', 'while away');
  });

  it('of which nobody tells is noticed by its silence', async () => {
    await on.started();
    on.server.freezeWatches();
    on.changeMachine('m-1', 'never sent');
    await on.clock.advance(119);
    expect(on.log.entries).toEqual([]);
    await on.clock.advance(1);
    await on.failures(1);
    await on.clock.advance(0.5);
    await on.markSeen('m-1', 'never sent');
  });
});

describe('a watch that ends', () => {
  it('at its time is taken up again at once', async () => {
    await on.started();
    await on.clock.advance(100);
    on.server.requests = [];
    on.server.endWatches();
    await until(() => on.server.count('watch') === KINDS && on.server.watches === KINDS, 'watched again');
    on.changeMachine('m-1', 'later');
    await on.markSeen('m-1', 'later');
    expect(on.server.count('list')).toBe(0);
    expect(on.log.entries).toEqual([]);
  });

  it('at once is not taken up in a busy loop', async () => {
    await on.started();
    on.server.requests = [];
    on.server.endWatches();
    await until(() => on.server.watches === 0, 'ended');
    await on.clock.settle();
    expect(on.server.requests).toEqual([]);
    await on.clock.advance(0.5);
    await until(() => on.server.watches === KINDS, 'watched again');
  });
});

describe('a version that is too old', () => {
  it('makes it list anew: what changed, came and went meanwhile is seen', async () => {
    on.putMachine('m-2');
    await on.started();
    on.server.dropWatches();
    await on.failures(1);
    on.changeMachine('m-1', 'missed');
    on.deleteMachine('m-2');
    on.putMachine('m-3');
    on.server.compact();
    const told: string[] = [];
    on.store.onChange((change) => change.kind === 'Machine' && told.push(change.machine.name));
    await on.clock.advance(0.5);
    await on.failures(2);
    await on.clock.advance(1);
    await on.markSeen('m-1', 'missed');
    expect([...on.store.machines()].map(({ name }) => name)).toEqual(['m-1', 'm-3']);
    expect(told.sort()).toEqual(['m-1', 'm-2', 'm-3']);
    on.changeMachine('m-3', 'after');
    await on.markSeen('m-3', 'after');
  });

  it('is understood as a status too', async () => {
    await on.started();
    on.server.dropWatches();
    await on.failures(1);
    on.server.failNext(KINDS, 410, 'watch');
    on.changeMachine('m-1', 'missed');
    on.server.requests = [];
    await on.clock.advance(0.5);
    await on.failures(2);
    await on.clock.advance(1);
    await on.markSeen('m-1', 'missed');
    await until(() => on.server.count('list') === KINDS, 'all listed anew');
  });
});
