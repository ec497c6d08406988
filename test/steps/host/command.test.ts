import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/cli/clock.ts';
import { runCommand } from '../../../src/steps/host/command.ts';
import type { Argv, RunOptions } from '../../../src/steps/host/host.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { until } from '../../helpers/until.ts';

const PATH = '/usr/bin:/bin';
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'refit-command-'))));
afterEach(() => rm(folder, { recursive: true }));

const run = (argv: Argv, options: RunOptions = {}) =>
  runCommand(argv, options, { clock: systemClock(), path: PATH });
const sh = (script: string, options?: RunOptions) => run(['sh', '-c', script], options);
const node = (script: string, options?: RunOptions) => run([process.execPath, '-e', script], options);

describe('a command', () => {
  it('answers with its exit code and what it printed', async () => {
    expect(await sh('echo out; echo err >&2; exit 3')).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('ended by a signal answers 128 and its number', async () => {
    expect(await sh('kill -KILL $$')).toMatchObject({ code: 137 });
  });

  it('has a small environment, no shell, no terminal, and / as its folder', async () => {
    const { stdout } = await run(['env'], { env: { KUBECONFIG: '/etc/kubernetes/admin.conf' } });
    expect(stdout.trim().split('\n').sort()).toEqual([
      'KUBECONFIG=/etc/kubernetes/admin.conf',
      'LANG=C',
      `PATH=${PATH}`,
    ]);
    expect((await run(['printf', '%s', '$HOME; *'])).stdout).toBe('$HOME; *');
    expect((await run(['pwd'])).stdout).toBe('/\n');
  });

  it('reads what it is given, and need not', async () => {
    expect((await run(['cat'], { stdin: 'content' })).stdout).toBe('content');
    expect((await run(['cat'])).stdout).toBe('');
    expect(await run(['true'], { stdin: 'x'.repeat(1_000_000) })).toMatchObject({ code: 0 });
  });

  it.each([
    [
      ['refit-no-such-program'],
      'refit-no-such-program: cannot be started: ENOENT (no such file or directory)',
    ],
    [['/etc/passwd'], '/etc/passwd: cannot be started: EACCES (permission denied)'],
    [['true', 'a\0b'], /^true: cannot be started: .*null bytes/],
  ] as [Argv, string | RegExp][])('that cannot be started is an error: %j', async (argv, message) => {
    await expect(run(argv)).rejects.toMatchObject({ reason: 'Failed' });
    await expect(run(argv)).rejects.toThrow(message);
  });
});

describe('the output', () => {
  it('comes line by line, of both streams', async () => {
    const lines: string[] = [];
    await sh('echo one; echo two >&2; printf "\\n"; printf "win\\r\\n"; printf last', {
      onLine: (line) => lines.push(line),
    });
    expect(lines.toSorted()).toEqual(['', 'last', 'one', 'two', 'win']);
  });

  it('is not broken within a character', async () => {
    const lines: string[] = [];
    const halves = `const [a, b] = [Buffer.from([0xc3]), Buffer.from([0xa4, 0x0a])];
      process.stdout.write(a, () => setTimeout(() => process.stdout.write(b), 20))`;
    expect((await node(halves, { onLine: (line) => lines.push(line) })).stdout).toBe('ä\n');
    expect(lines).toEqual(['ä']);
  });

  it('is kept to the last MiB, and a line without an end in pieces', async () => {
    const lengths: number[] = [];
    const options: RunOptions = { onLine: (line) => lengths.push(line.length) };
    const { stdout } = await node(`process.stdout.write('a'.repeat(5 << 20) + 'end')`, options);
    expect(stdout).toHaveLength(1 << 20);
    expect(stdout.endsWith('aaaend')).toBe(true);
    expect(Math.max(...lengths)).toBeLessThan(256 << 10);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe((5 << 20) + 3);
  });
});

describe('a command that takes too long', () => {
  it('is stopped with its children, by SIGTERM', async () => {
    const clock = fakeClock();
    const script = `trap 'echo told > ${folder}/parent; exit 0' TERM
      sh -c "trap 'echo told > ${folder}/child; exit 0' TERM; echo ready >&2; while :; do sleep 0.01; done" & 
      while :; do sleep 0.01; done`;
    const ready = signal();
    const ended = runCommand(
      ['sh', '-c', script],
      { timeoutSeconds: 30, onLine: ready.tell },
      { clock, path: PATH },
    );
    const expected = expect(ended).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringMatching(/^sh -c .*: not done after 30 s, stopped; its last words: ready/s),
    });
    await ready.told;
    await clock.advance(30);
    await expected;
    expect(await readFile(join(folder, 'parent'), 'utf8')).toBe('told\n');
    await until(async () => (await readFile(join(folder, 'child'), 'utf8').catch(() => '')) === 'told\n');
  });

  it('and does not listen is killed 10 s later, with its children', async () => {
    const clock = fakeClock();
    const lines: string[] = [];
    const script = `trap '' TERM; sh -c 'trap "" TERM; echo $$; while :; do sleep 0.01; done' & while :; do sleep 0.01; done`;
    const options: RunOptions = { timeoutSeconds: 30, onLine: (line) => lines.push(line) };
    let isOver = false;
    const ended = runCommand(['sh', '-c', script], options, { clock, path: PATH })
      .catch((error: unknown) => error)
      .finally(() => (isOver = true));
    await until(() => lines.length === 1);
    await clock.advance(39.9);
    expect([isOver, isAlive(Number(lines[0]))]).toEqual([false, true]);
    await clock.advance(0.1);
    expect(await ended).toMatchObject({ reason: 'Failed' });
    await until(() => !isAlive(Number(lines[0])));
  });

  it('is one that goes on with closed output too', async () => {
    const clock = fakeClock();
    const script = `echo $$; exec >&- 2>&-; while :; do sleep 0.01; done`;
    const ready = signal();
    const ended = runCommand(
      ['sh', '-c', script],
      { timeoutSeconds: 5, onLine: ready.tell },
      { clock, path: PATH },
    );
    const expected = expect(ended).rejects.toMatchObject({ reason: 'Failed' });
    const pid = Number(await ready.told);
    await clock.advance(5);
    await expected;
    expect(isAlive(pid)).toBe(false);
  });
});

describe('what a command leaves running', () => {
  it('does not keep the step waiting, and is left', async () => {
    const clock = fakeClock();
    const ready = signal();
    let isOver = false;
    const ended = runCommand(
      ['sh', '-c', 'sleep 30 & echo $!'],
      { timeoutSeconds: 100_000, onLine: ready.tell },
      { clock, path: PATH },
    ).finally(() => (isOver = true));
    const pid = Number(await ready.told);
    await until(async () => {
      await clock.advance(2);
      return isOver;
    });
    expect(await ended).toEqual({ code: 0, stdout: `${pid}\n`, stderr: '' });
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});

/** The first line that is told. */
function signal(): { tell: (line: string) => void; told: Promise<string> } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { tell: resolve, told: promise };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
