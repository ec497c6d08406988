// What the store asks of the server: only the stand-in can count.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../helpers/until.ts';
import { workflowObject } from './samples.ts';
import { KINDS, servedStore, type ServedStore } from './served-store.ts';

let on: ServedStore;
beforeEach(async () => {
  on = await servedStore();
});
afterEach(() => on.end());

describe('what is asked of the server', () => {
  it('is one list and one watch of each kind', async () => {
    await on.started();
    expect([on.server.count('list'), on.server.count('watch'), on.server.requests.length]).toEqual([
      KINDS,
      KINDS,
      2 * KINDS,
    ]);
    for (const { verb, query } of on.server.requests) {
      if (verb === 'watch')
        expect(query).toMatchObject({ allowWatchBookmarks: 'true', timeoutSeconds: '275' });
    }
    const selectors = on.server.requests
      .filter(({ path }) => path.endsWith('/workflows'))
      .map(({ query }) => query);
    for (const query of selectors) expect(query['labelSelector']).toBe('app.kubernetes.io/managed-by=refit');
  });

  it('is nothing for reads', async () => {
    await on.started();
    const workflow = workflowObject('lab', 'm-1');
    await on.store.createWorkflow(workflow);
    on.server.requests = [];
    for (let turn = 0; turn < 1000; turn += 1) {
      on.store.machine('lab', 'm-1');
      on.store.cluster('lab', 'refit');
      on.store.machineDeployment('lab', 'md');
      expect(on.store.workflow('lab', workflow.metadata?.name ?? '')).toBeDefined();
      expect([...on.store.machines()]).toHaveLength(1);
    }
    expect(on.server.requests).toEqual([]);
  });

  it('is never a PUT', async () => {
    await on.started();
    const machine = on.store.machine('lab', 'm-1');
    if (!machine) throw new Error('m-1 not seen');
    const workflow = workflowObject('lab', 'm-1');
    const { namespace, name, uid } = machine;
    await on.store.annotateMachine(machine, { a: '1' });
    await on.store.createWorkflow(workflow);
    await on.store.stopWorkflow('lab', workflow.metadata?.name ?? '');
    await on.store.limitWorkers({ namespace, name: 'refit', uid, labels: {} }, 2);
    await on.store.emitEvent({
      kind: 'Machine',
      namespace,
      name,
      uid,
      type: 'Normal',
      reason: 'R',
      message: 'm',
    });
    const writes = on.server.requests.filter(({ verb }) => verb !== 'list' && verb !== 'watch');
    expect(writes.map(({ verb }) => verb)).toEqual(['patch', 'create', 'patch', 'create', 'create']);
    for (const { query } of writes) expect(query['fieldManager']).toBe('capi-refit');
  });

  it('comes in pages', async () => {
    for (let index = 2; index <= 250; index += 1) on.putMachine(`m-${index}`);
    await on.started();
    expect([...on.store.machines()]).toHaveLength(250);
    expect(on.server.count('list', 'machines')).toBe(10);
  });
});

describe('readiness', () => {
  it('waits for the last cache, and a refused list is asked for again', async () => {
    on.server.failNext(1, 403, 'list');
    await on.store.start();
    await until(() => on.log.entries.length === 1 && on.server.watches === KINDS - 1, 'the others filled');
    expect(on.store.ready()).toBe(false);
    expect(on.log.entries[0]?.message).toBe('watch failed, connecting again');
    await on.clock.advance(0.5);
    await until(() => on.store.ready(), 'ready');
  });
});

describe('close', () => {
  it('ends the watches and asks for nothing more', async () => {
    await on.started();
    on.server.requests = [];
    await on.store.close();
    await until(() => on.server.watches === 0, 'watches ended');
    await on.clock.advance(300);
    expect(on.server.requests).toEqual([]);
    expect(on.log.entries).toEqual([]);
  });

  it('does not wait for a list that is not answered', async () => {
    on.server.failNext(KINDS, 'silence', 'list');
    await on.store.start();
    await until(() => on.server.requests.length === KINDS, 'asked');
    await expect(on.store.close()).resolves.toBeUndefined();
  });
});

describe('a listener', () => {
  it('that throws stops neither the cache nor other listeners', async () => {
    await on.started();
    const told: string[] = [];
    on.store.onChange(() => {
      throw new Error('broken');
    });
    on.store.onChange((change) => change.kind === 'Machine' && told.push(change.machine.name));
    on.changeMachine('m-1', 'seen');
    await on.markSeen('m-1', 'seen');
    expect(told).toEqual(['m-1']);
    expect(on.log.entries).toMatchObject([{ level: 'error', message: 'listener failed' }]);
  });
});
