import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type Call, connectLab, isLabRunning } from '../connect.ts';
import { folderLayout } from '../folder.ts';
import { type Control, serveControl } from './control.ts';

let folder: string;
let control: Control;
let calls: Call[];
let refusal: Error | undefined;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-control-'));
  [calls, refusal] = [[], undefined];
  control = await serveControl(folderLayout(folder).socket, async (call) => {
    calls.push(call);
    if (refusal) throw refusal;
    return call.method === 'usage' ? { rssMiB: 12, cpuSeconds: 3 } : undefined;
  });
});
afterEach(async () => {
  await control.close();
  rmSync(folder, { recursive: true });
});

it('passes calls on, and answers back', async () => {
  const lab = await connectLab(folder);
  await lab.start('refit', { policy: { onUncovered: 'replace' } });
  expect(await lab.usage('etcd')).toEqual({ rssMiB: 12, cpuSeconds: 3 });
  expect(calls).toEqual([
    { method: 'ping', args: [] },
    { method: 'start', args: ['refit', { policy: { onUncovered: 'replace' } }] },
    { method: 'usage', args: ['etcd'] },
  ]);
});

it('tells the reason of a failure, and what was behind it', async () => {
  const lab = await connectLab(folder);
  refusal = new Error('etcd: not started', { cause: new Error('no such file') });
  await expect(lab.kill('etcd')).rejects.toThrow('etcd: not started: no such file');
});

it('refuses what is no call', async () => {
  const connection = createConnection(folderLayout(folder).socket);
  connection.write('{broken\n');
  expect(JSON.parse(await text(connection))).toHaveProperty('error');
});

it('goes on after a caller that hangs up', async () => {
  createConnection(folderLayout(folder).socket).end('{"method":').destroy();
  expect(await isLabRunning(folder)).toBe(true);
  await connectLab(folder);
});

it('is not there once it is closed', async () => {
  await control.close();
  expect(await isLabRunning(folder)).toBe(false);
  await expect(connectLab(folder)).rejects.toThrow(`no lab answers in ${folder}: start one with npm run lab`);
});
