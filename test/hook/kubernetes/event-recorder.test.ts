// Runs on the stand-in, and on a real API server if REFIT_TEST_KUBECONFIG is set.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { eventRecorder } from '../../../src/hook/kubernetes/event-recorder.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { EVENTS } from '../../../src/hook/kubernetes/resources.ts';
import type { EventInput } from '../../../src/hook/store.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { testCluster, type TestCluster } from '../../helpers/test-cluster.ts';

const clock = fakeClock();
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster(clock);
});
afterAll(() => cluster.close());

function sample(name: string, more: Partial<EventInput> = {}): EventInput {
  const { namespace } = cluster;
  const uid = randomUUID();
  return {
    kind: 'Machine',
    namespace,
    name,
    uid,
    type: 'Warning',
    reason: 'InPlaceStepFailed',
    message: 'm',
    ...more,
  };
}

async function eventsAbout(name: string): Promise<JsonValue[]> {
  const items = list(await cluster.client.get(EVENTS.path(cluster.namespace)), 'items');
  return items.filter((event) => text(event, 'involvedObject', 'name') === name);
}

/** Counts what a recorder sends, and passes it on. */
function counted(): ApiClient & { sent: number } {
  const { client } = cluster;
  const counting = {
    ...client,
    sent: 0,
    create: (path: string, body: object) => ((counting.sent += 1), client.create(path, body)),
    mergePatch: (path: string, body: object) => ((counting.sent += 1), client.mergePatch(path, body)),
  };
  return counting;
}

describe('an Event', () => {
  it('says what happened to which object, when, and who says so', async () => {
    const input = sample('first');
    await eventRecorder(cluster.client, clock)(input);
    const [event, ...others] = await eventsAbout('first');
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'InPlaceStepFailed',
      message: 'm',
      count: 1,
      reportingComponent: 'capi-refit',
      source: { component: 'capi-refit' },
      involvedObject: {
        apiVersion: 'cluster.x-k8s.io/v1beta2',
        kind: 'Machine',
        name: 'first',
        uid: input.uid,
      },
    });
    expect(Date.parse(text(event, 'lastTimestamp') ?? '')).toBe(clock.now().getTime());
  });

  it('may be about an object of which only the name is known', async () => {
    const input = sample('refit-policy', { kind: 'ConfigMap' });
    delete input.uid;
    await eventRecorder(cluster.client, clock)(input);
    const [event] = await eventsAbout('refit-policy');
    expect(at(event, 'involvedObject')).toEqual({
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      ...{ namespace: cluster.namespace, name: 'refit-policy' },
    });
  });

  it('is not sent again by the same process for 10 minutes', async () => {
    const client = counted();
    const record = eventRecorder(client, clock);
    const input = sample('repeated');
    await Promise.all([record(input), record(input)]);
    await clock.advance(599);
    await record(input);
    expect(client.sent).toBe(1);
    await clock.advance(1);
    await record(input);
    expect((await eventsAbout('repeated')).map((event) => at(event, 'count'))).toEqual([2]);
  });

  it('of another process is counted, with the time of the last', async () => {
    const input = sample('counted');
    await eventRecorder(cluster.client, clock)(input);
    await clock.advance(60);
    await eventRecorder(cluster.client, clock)(input);
    const [event, ...others] = await eventsAbout('counted');
    expect(others).toEqual([]);
    expect(at(event, 'count')).toBe(2);
    expect(Date.parse(text(event, 'lastTimestamp') ?? '')).toBe(clock.now().getTime());
    expect(Date.parse(text(event, 'firstTimestamp') ?? '')).toBe(clock.now().getTime() - 60_000);
  });

  it('differs by reason, by message and by object', async () => {
    const record = eventRecorder(cluster.client, clock);
    const input = sample('different');
    for (const more of [{}, { reason: 'Other' }, { message: 'other' }, { uid: randomUUID() }]) {
      await record({ ...input, ...more });
    }
    expect(await eventsAbout('different')).toHaveLength(4);
  });

  it('has at most 1024 bytes of message, no character cut in two', async () => {
    await eventRecorder(cluster.client, clock)(sample('long', { message: 'ä'.repeat(600) }));
    const [event] = await eventsAbout('long');
    expect(text(event, 'message')).toBe(`${'ä'.repeat(510)}...`);
  });

  it('of an object with a very long name fits too', async () => {
    const name = `m${'.very-long'.repeat(25)}`;
    await eventRecorder(cluster.client, clock)(sample(name));
    expect(await eventsAbout(name)).toHaveLength(1);
  });

  it('that could not be sent is sent the next time', async () => {
    const away = new StatusError('away', { reason: 'Unavailable' });
    let isAway = true;
    const create: ApiClient['create'] = (path, body) =>
      isAway ? Promise.reject(away) : cluster.client.create(path, body);
    const record = eventRecorder({ ...cluster.client, create }, clock);
    const input = sample('unsent');
    await expect(record(input)).rejects.toBe(away);
    isAway = false;
    await record(input);
    expect(await eventsAbout('unsent')).toHaveLength(1);
  });
});

describe('the memory of what was sent', () => {
  it('is bounded: the oldest is forgotten', async () => {
    const created: JsonObject[] = [];
    const client = {
      ...cluster.client,
      create: async (_: string, body: object) => (created.push({ ...body }), {}),
    };
    const record = eventRecorder(client, clock);
    const uid = randomUUID();
    for (let index = 0; index <= 2000; index += 1) await record(sample('many', { uid, message: `${index}` }));
    await record(sample('many', { uid, message: '2000' }));
    expect(created).toHaveLength(2001);
    await record(sample('many', { uid, message: '0' }));
    expect(created).toHaveLength(2002);
  });
});
