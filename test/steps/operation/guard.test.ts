import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createGuard } from '../../../src/steps/operation/guard.ts';

const GUARD = new URL('../../../src/steps/operation/guard.ts', import.meta.url).href;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-guard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the guard', () => {
  it('lets one work at a time', async () => {
    const guard = createGuard(`${folder}/guard`);
    let atWork = 0;
    const most: number[] = [];
    const work = async (): Promise<void> => {
      most.push((atWork += 1));
      await new Promise((resolve) => setImmediate(resolve));
      atWork -= 1;
    };
    await Promise.all([guard.hold(work), guard.hold(work), guard.hold(work)]);
    expect(most).toEqual([1, 1, 1]);
  });

  it('is free again after work that failed', async () => {
    const guard = createGuard(`${folder}/guard`);
    await expect(guard.hold(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await guard.hold(async () => 'fine')).toBe('fine');
  });

  it('is free again when its holder is killed', async () => {
    const program = `
      const { createGuard } = await import(${JSON.stringify(GUARD)});
      await createGuard(${JSON.stringify(`${folder}/guard`)}).hold(async () => {
        process.stdout.write('held');
        await new Promise(() => setInterval(() => undefined, 1000));
      });`;
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const exited = once(child, 'exit');
    let isMine = false;
    const mine = createGuard(`${folder}/guard`).hold(async () => void (isMine = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isMine).toBe(false);
    child.kill('SIGKILL');
    await mine;
    expect((await exited)[1]).toBe('SIGKILL');
  });

  it('that cannot be had is passing trouble', async () => {
    await expect(createGuard(`${folder}/absent/guard`).hold(async () => 1)).rejects.toMatchObject({
      reason: 'Unavailable',
    });
  });
});
