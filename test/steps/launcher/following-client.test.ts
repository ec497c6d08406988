import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { followingClient, type FollowingClient } from '../../../src/steps/launcher/following-client.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { fakeClock } from '../../helpers/clock.ts';

const PATH = '/api/v1/namespaces/lab/configmaps/c';
let folder: string;
let file: string;
let servers: ApiServer[];
let client: FollowingClient;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-following-'));
  file = path.join(folder, 'value');
  servers = [new ApiServer(), new ApiServer()];
  for (const [index, server] of servers.entries()) {
    await server.start();
    const place = { collection: '/api/v1/configmaps', namespace: 'lab', name: 'c' };
    server.data.create(place, { metadata: { name: 'c' }, data: { of: String(index) } });
  }
  client = followingClient(file, fakeClock());
  use(0);
});
afterEach(async () => {
  await client.close();
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true });
});

function use(index: number): void {
  writeFileSync(file, servers[index]!.kubeConfig().exportConfig());
}

describe('followingClient', () => {
  it('takes each request to the cluster that the file names then', async () => {
    expect(await client.get(PATH)).toMatchObject({ data: { of: '0' } });
    use(1);
    expect(await client.get(PATH)).toMatchObject({ data: { of: '1' } });
    expect((await client.kubeConfig()).getCurrentCluster()?.server).toBe(
      servers[1]!.kubeConfig().getCurrentCluster()?.server,
    );
    await client.mergePatch(PATH, { data: { more: 'x' } });
    await client.create('/api/v1/namespaces/lab/configmaps', { metadata: { name: 'd' } });
    await client.delete(PATH);
    expect(servers.map((server) => server.requests.length)).toEqual([1, 4]);
  });

  it('keeps the client while the file stays the same', async () => {
    const first = await client.kubeConfig();
    await client.get(PATH);
    expect(await client.kubeConfig()).toBe(first);
  });

  it('goes on with what it has while the file is being exchanged', async () => {
    await client.get(PATH);
    rmSync(file);
    expect(await client.get(PATH)).toMatchObject({ data: { of: '0' } });
  });

  it('needs a file to begin with', async () => {
    rmSync(file);
    await expect(client.get(PATH)).rejects.toMatchObject({
      reason: 'BadInput',
      message: `kubeconfig ${file}: cannot be read (ENOENT)`,
    });
  });
});
