import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '../helpers/eventually.ts';
import { type DaemonOptions, startDaemon } from './daemon.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-daemon-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('ends with the one that started it, even a killed one, and so does its folder', async () => {
  const removeFolder = path.join(folder, 'its');
  mkdirSync(removeFolder);
  const options: DaemonOptions = {
    ...{ name: 'ignores SIGTERM', binary: 'sh', logFile: path.join(removeFolder, 'log') },
    args: ['-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'],
    endsWithUs: { removeFolder },
  };
  const module = JSON.stringify(new URL('daemon.ts', import.meta.url).href);
  const program = `const { startDaemon } = await import(${module});
    const daemon = startDaemon(${JSON.stringify(options)});
    await daemon.ready(async () => daemon.output().includes('up'), 10);
    console.log(daemon.pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(String((await once(parent.stdout, 'data'))[0]));
  expect(pid).toBeGreaterThan(0);
  parent.kill('SIGKILL');
  await eventually('daemon ended', () => !existsSync(`/proc/${pid}`));
  await eventually('folder removed', () => !existsSync(removeFolder));
});

it('says why it ended, although its folder is gone', async () => {
  const daemon = startDaemon({
    ...{ name: 'short', binary: 'sh', args: ['-c', 'echo no such luck; exit 3'] },
    logFile: path.join(folder, 'log'),
    endsWithUs: { removeFolder: folder },
  });
  const ready = daemon.ready(async () => false, 10);
  await expect(ready).rejects.toThrow('short ended with 3; the end of its log:\nno such luck');
});

it('shows what it wrote since it was started, not before', async () => {
  const start = (line: string) =>
    startDaemon({ name: 'again', binary: 'echo', args: [line], logFile: path.join(folder, 'log') });
  await start('first').ended;
  const again = start('second');
  await again.ended;
  expect(again.output()).toBe('second\n');
});

it('begins its log anew when that has grown too far', async () => {
  const logFile = path.join(folder, 'log');
  const daemon = startDaemon({
    ...{ name: 'talks', binary: 'sh', logFile, mostLogBytes: 1000 },
    args: ['-c', 'while :; do echo "a line of some length, again and again"; sleep 0.01; done'],
  });
  let largest = 0;
  await eventually('log begun anew', () => {
    const { size } = statSync(logFile);
    largest = Math.max(largest, size);
    return size < largest;
  });
  expect(daemon.output()).toMatch(/^(a line of some length, again and again\n)*$/);
  await daemon.stop();
});
