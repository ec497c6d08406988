import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer, Api } from '../../apiserver/api.ts';
import { createWriter, type Writer } from './writer.ts';

/** One ConfigMap, with versions as an API server has them. */
interface Stored {
  version: number;
  data: Record<string, string>;
}

let stored: Stored | undefined;
/** What becomes of the next requests that write. */
let fates: ('late' | 'refused')[];
let late: (() => Answer)[];
let writer: Writer;

beforeEach(() => {
  [stored, fates, late] = [undefined, [], []];
  writer = createWriter(api, (answer) => answer, 'node-1');
});

const api: Pick<Api, 'get' | 'create' | 'patch'> = {
  get: () => Promise.resolve(stored ? ok(stored) : { status: 404, body: {} }),
  create: (_, body) => act(() => (stored ? refusal(409) : store(body, 1))),
  patch: (_, body) =>
    act(() => {
      const { resourceVersion } = (body as { metadata: { resourceVersion: string } }).metadata;
      return Number(resourceVersion) === stored?.version ? store(body, stored.version + 1) : refusal(409);
    }),
};

function act(request: () => Answer): Promise<Answer> {
  const fate = fates.shift();
  if (fate === 'late') {
    late.push(request);
    return Promise.reject(new Error('no answer in time'));
  }
  return Promise.resolve(fate === 'refused' ? refusal(500) : request());
}

/** A patch leaves what it does not name. */
function store(body: object, version: number): Answer {
  const { data } = body as Pick<Stored, 'data'>;
  stored = { version, data: { ...stored?.data, ...data } };
  return ok(stored);
}

const refusal = (status: number): Answer => ({ status, body: { message: 'no' } });
const ok = ({ version, data }: Stored): Answer => ({
  status: 200,
  body: { metadata: { resourceVersion: String(version) }, data },
});

async function write(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await writer.write();
}

describe('a writer', () => {
  it('writes one number after the other', async () => {
    await write(3);
    expect([stored, writer.lost()]).toEqual([{ version: 3, data: { 'node-1': '3' } }, 0]);
  });

  it('sees once that what was acknowledged is not there any more', async () => {
    await write(3);
    stored = { version: 900, data: { 'node-1': '1' } };
    await write(2);
    expect([stored, writer.lost()]).toEqual([{ version: 902, data: { 'node-1': '5' } }, 1]);
    stored = undefined;
    await write(2);
    expect(writer.lost()).toBe(2);
  });

  it('takes no late write for a loss, whenever it comes through', async () => {
    await write(1);
    fates = ['late', 'late'];
    await expect(writer.write()).rejects.toThrow('in time');
    await expect(writer.write()).rejects.toThrow('in time');
    expect(late.shift()?.().status).toBe(200);
    await write(2);
    expect(late.shift()?.().status).toBe(409);
    await write(1);
    expect([stored?.data['node-1'], writer.lost()]).toEqual(['4', 0]);
  });

  it('takes no number of another one that watches for its own', async () => {
    const other = createWriter(api, (answer) => answer, 'node-2');
    await write(5);
    await other.write();
    await write(1);
    await other.write();
    expect([writer.lost(), other.lost()]).toEqual([0, 0]);
  });

  it('fails when it is refused, and misses nothing that was not acknowledged', async () => {
    await write(1);
    fates = ['refused'];
    await expect(writer.write()).rejects.toThrow('got 500 no, expected a success');
    await write(1);
    expect([stored?.data['node-1'], writer.lost()]).toEqual(['2', 0]);
  });
});
