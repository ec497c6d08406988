import { describe, expect, it } from '@jest/globals';
import { StatusError, type Reason } from '../../../src/api/errors.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { patientClient } from '../../../src/steps/launcher/patient-client.ts';
import { fakeClock } from '../../helpers/clock.ts';

/** Fails so often, then answers with how often it was asked. */
function failing(times: number, reason: Reason = 'Unavailable') {
  let asked = 0;
  const ask = async (): Promise<{ asked: number }> => {
    asked += 1;
    if (asked <= times) throw new StatusError(`GET /x: failure ${asked > 2 ? 'b' : 'a'}`, { reason });
    return { asked };
  };
  const none = (): never => {
    throw new Error('not asked for');
  };
  const client = {
    get: ask,
    create: ask,
    mergePatch: ask,
    delete: ask,
    lines: none,
    watch: none,
    close: none,
  };
  return client as ApiClient;
}

function site(client: ApiClient) {
  const clock = fakeClock();
  const lines: string[] = [];
  const stop = new AbortController();
  const log = (line: string): void => void lines.push(line);
  return {
    clock,
    lines,
    stop,
    patient: patientClient(client, { name: 'lab', clock, log, signal: stop.signal }),
  };
}

describe('patientClient', () => {
  it.each([
    ['get', (client: ApiClient) => client.get('/x')],
    ['create', (client: ApiClient) => client.create('/x', {})],
    ['mergePatch', (client: ApiClient) => client.mergePatch('/x', {})],
    ['delete', (client: ApiClient) => client.delete('/x')],
  ])('asks again: %s', async (_name, ask) => {
    const { clock, lines, patient } = site(failing(3));
    const answer = ask(patient);
    await clock.advance(6);
    expect(await answer).toEqual({ asked: 4 });
    expect(lines).toEqual([
      'the API server of the lab does not answer: failure a',
      'the API server of the lab does not answer: failure b',
      'the API server of the lab answers again, 6 s later',
    ]);
  });

  it('asks again where a permission is missing, but not for long', async () => {
    const brief = site(failing(3, 'Forbidden'));
    const answer = brief.patient.get('/x');
    await brief.clock.advance(6);
    expect(await answer).toEqual({ asked: 4 });

    const [away, starting] = [failing(50), failing(3, 'Forbidden')];
    const late = site({
      ...failing(0),
      get: (path) => (late.clock.monotonic() < 98 ? away : starting).get(path),
    });
    const afterOutage = late.patient.get('/x');
    await late.clock.advance(110);
    expect(await afterOutage).toEqual({ asked: 4 });

    const lasting = site(failing(400, 'Forbidden'));
    const refused = expect(lasting.patient.get('/x')).rejects.toMatchObject({ reason: 'Forbidden' });
    await lasting.clock.advance(60);
    await refused;
  });

  it.each<Reason>(['BadInput', 'NotFound', 'Conflict', 'AlreadyExists', 'Failed'])(
    'takes %s for an answer',
    async (reason) => {
      await expect(site(failing(1, reason)).patient.get('/x')).rejects.toMatchObject({ reason });
    },
  );

  it('counts the time of one outage, not of all', async () => {
    const clients = [failing(400), failing(400)];
    const { clock, patient } = site({ ...failing(0), get: (path) => clients[0]!.get(path) });
    for (let turn = 0; turn < 2; turn += 1) {
      const answer = patient.get('/x');
      await clock.advance(800);
      expect(await answer).toEqual({ asked: 401 });
      clients.shift();
    }
  });

  it('stops when it is told to', async () => {
    const { clock, stop, patient } = site(failing(1000));
    const ended = expect(patient.get('/x')).rejects.toMatchObject({
      reason: 'Unavailable',
      message: 'told to stop',
    });
    await clock.advance(10);
    stop.abort();
    await clock.settle();
    await ended;
  });
});
