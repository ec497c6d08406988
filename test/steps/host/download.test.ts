import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/cli/clock.ts';
import { download } from '../../../src/steps/host/http.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { until } from '../../helpers/until.ts';
import { loopback } from './loopback.ts';

const clock = systemClock();
const servers = loopback();
afterEach(() => servers.close());

describe('a download', () => {
  const fetch = async (url: string): Promise<number> => {
    let size = 0;
    for await (const part of await download({ url, timeoutSeconds: 5 }, clock)) size += part.length;
    return size;
  };

  it('gives all of what does not fit into a request', async () => {
    const url = await servers.listen((_request, response) => response.end(Buffer.alloc(20 << 20)));
    expect(await fetch(url)).toBe(20 << 20);
  });

  it('does not run ahead of who reads it', async () => {
    let isFlushed = false;
    const url = await servers.listen((_request, response) =>
      response.write(Buffer.alloc(64 << 20), () => (isFlushed = true)),
    );
    const body = await download({ url, timeoutSeconds: 5 }, clock);
    for await (const part of body) {
      expect(part.length).toBeGreaterThan(0);
      await clock.sleep(0.05);
      break;
    }
    expect(isFlushed).toBe(false);
  });

  it('ends the connection when it is given up', async () => {
    let isClosed = false;
    const url = await servers.listen((request, response) => {
      request.socket.on('close', () => (isClosed = true));
      response.write('first');
    });
    for await (const part of await download({ url, timeoutSeconds: 5 }, clock)) {
      expect(String(part)).toBe('first');
      break;
    }
    await until(() => isClosed);
  });

  it('fails when it is cut, late, or no 200', async () => {
    const cut = await servers.listen((_request, response) =>
      response.write('half', () => response.destroy()),
    );
    await expect(fetch(cut)).rejects.toMatchObject({ reason: 'Unavailable' });
    const refused = await servers.listen((_request, response) => response.writeHead(503).end('later'));
    await expect(fetch(refused)).rejects.toMatchObject({
      reason: 'Unavailable',
      message: `GET ${refused}: status: got 503, expected 200`,
    });
    const late = await servers.listen((_request, response) => response.write('first'));
    const time = fakeClock();
    const parts = (await download({ url: late, timeoutSeconds: 5 }, time))[Symbol.asyncIterator]();
    await parts.next();
    const next = expect(parts.next()).rejects.toMatchObject({
      message: `GET ${late}: no complete answer in 5 s`,
    });
    await time.advance(5);
    await next;
  });
});
