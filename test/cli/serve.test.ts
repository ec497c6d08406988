import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { HOOKS_API_VERSION } from '../../src/api/hooks.ts';
import { eventually } from '../helpers/eventually.ts';
import { call } from '../helpers/https.ts';
import { recorded } from '../helpers/requests.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
let child: ChildProcess;
afterEach(() => void child.kill('SIGKILL'));

describe('refit serve --store embedded', () => {
  it('brings a recorded update to its end over TLS, and stops when it is told to', async () => {
    const port = await serve('--step-seconds', '0.02');
    const ask = await post(
      port,
      'canupdatemachine/can-update-machine',
      'kcp-version-1.33-to-1.34/01-canupdatemachine-refit-cp-2f546.json',
    );
    expect(ask).toMatchObject({ status: 'Success', machinePatch: { patchType: 'JSONPatch' } });
    let answer: Record<string, unknown> = {};
    for (let poll = 0; poll < 400 && answer['retryAfterSeconds'] !== 0; poll += 1) {
      answer = await post(
        port,
        'updatemachine/update-machine',
        'kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json',
      );
      expect(answer['status']).toBe('Success');
    }
    expect(answer).toMatchObject({ retryAfterSeconds: 0, message: 'operation 1: done' });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('plays workers too, and the step that is told to fail', async () => {
    const port = await serve('--step-seconds', '0.02', '--fail', 'kubelet');
    const ask = await post(
      port,
      'canupdatemachineset/can-update-machineset',
      'md-version-1.33-to-1.34/01-canupdatemachineset-refit-md-0-kkvzp.json',
    );
    expect(ask).toMatchObject({ status: 'Success', machineSetPatch: { patchType: 'JSONPatch' } });
    let message = '';
    for (let poll = 0; poll < 400 && !message.includes('operation 1 failed'); poll += 1) {
      const answer = await post(
        port,
        'updatemachine/update-machine',
        'md-version-1.33-to-1.34/02-updatemachine-refit-md-0-gb7wv-fmtz5.json',
      );
      message = String(answer['message']);
    }
    expect(message).toContain('step kubelet: told to fail by --fail');
  });
});

describe('the policy of refit serve', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'refit-serve-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('refuses the start if it is bad, and names every bad key', async () => {
    const [policy, images] = [path.join(folder, 'policy.yaml'), path.join(folder, 'images.yaml')];
    await writeFile(policy, 'drain: perhaps\nsurprise: 1\n');
    await writeFile(images, 'v1.34.3: { kubernetes: v1.34.3, image: latest }\n');
    child = spawn(process.execPath, [
      MAIN,
      'serve',
      '--store',
      'embedded',
      '--policy',
      policy,
      '--image-map',
      images,
    ]);
    const [said, exit] = await Promise.all([text(child.stderr as Readable), once(child, 'exit')]);
    expect(exit).toEqual([2, null]);
    for (const key of [
      'drain: got "perhaps"',
      'surprise: no such key',
      'imageMap.v1.34.3.image: got "latest"',
    ]) {
      expect(said).toContain(`${policy}.${key}`);
    }
  });

  it('refuses an image map in two places', async () => {
    const policy = path.join(folder, 'policy.yaml');
    await writeFile(policy, 'imageMap: {}\n');
    child = spawn(process.execPath, [
      MAIN,
      'serve',
      '--store',
      'embedded',
      '--policy',
      policy,
      '--image-map',
      policy,
    ]);
    const [said, exit] = await Promise.all([text(child.stderr as Readable), once(child, 'exit')]);
    expect(exit).toEqual([2, null]);
    expect(said).toContain(`${policy}.imageMap: expected none`);
  });

  it('is followed when its file changes', async () => {
    const policy = path.join(folder, 'policy.yaml');
    await writeFile(policy, 'onUncovered: block\n');
    const port = await serve('--policy', policy);
    const blocked = 'kcp-removals-extraargs-scheduler-files-ntp/01-canupdatemachine-refit-cp-c9dq6.json';
    const ask = () => post(port, 'canupdatemachine/can-update-machine', blocked);
    expect(await ask()).toMatchObject({ status: 'Failure' });
    await writeFile(policy, 'onUncovered: replace\n');
    await eventually('the change counts', async () => (await ask())['status'] === 'Success');
  });
});

async function serve(...flags: string[]): Promise<number> {
  child = spawn(process.execPath, [MAIN, 'serve', '--store', 'embedded', '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
    const { url } = JSON.parse(line) as { url?: string };
    if (url !== undefined) return Number(new URL(url).port);
  }
  throw new Error('ended before it listened');
}

async function post(port: number, hook: string, fixture: string): Promise<Record<string, unknown>> {
  const body = JSON.stringify(recorded(fixture));
  const path = `/${HOOKS_API_VERSION}/${hook}?timeout=10s`;
  // Self-signed, and nothing is known of it before: what is tested is what is answered.
  return (await call(port, { path, body, rejectUnauthorized: false })).json();
}
