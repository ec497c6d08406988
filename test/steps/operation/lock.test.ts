import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LOCK_FILE } from '../../../src/steps/host/folders.ts';
import { lockHolder, takeLock } from '../../../src/steps/operation/lock.ts';
import { operationUnit, operationUnitFile, stepUnit } from '../../../src/steps/operation/units.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { createMachine, type Machine } from './machine.ts';

const PROCESS = fileURLToPath(new URL('lock-process.ts', import.meta.url));
let machine: Machine;
beforeEach(() => {
  machine = createMachine();
});
afterEach(() => machine.remove());

const take = (operation: string, timeoutSeconds = 0): Promise<string> =>
  takeLock(machine, operation, timeoutSeconds, async () => `${operation} begun`);
const held = (operation: string): void => machine.write(LOCK_FILE, JSON.stringify({ operation }));

describe('the host lock', () => {
  it('is taken when it is free, and says whose it is', async () => {
    expect(await take('a')).toBe('a begun');
    expect(await lockHolder(machine.host)).toBe('a');
    expect((await machine.host.files.status(LOCK_FILE))?.mode).toBe(0o600);
  });

  it('is taken again by the same operation', async () => {
    await take('a');
    expect(await take('a')).toBe('a begun');
  });

  it.each([
    ['a unit file, though the unit does not work', () => machine.write(operationUnitFile('a'), '')],
    ['a working unit', () => machine.systemd.told.set(operationUnit('a'), 'activating')],
    ['a working unit of its backup', () => machine.systemd.told.set(stepUnit('a', 'backup'), 'active')],
    ['a working rollback', () => machine.systemd.told.set(stepUnit('a', 'rollback'), 'deactivating')],
  ])('is not taken from an operation with %s', async (_name, make) => {
    held('a');
    make();
    await expect(take('b')).rejects.toMatchObject({
      reason: 'Unavailable',
      message: 'host lock: held by operation a, which still works on this node',
    });
    expect(await lockHolder(machine.host)).toBe('a');
  });

  it.each([
    ['an operation that has neither unit nor unit file', '{"operation":"a"}'],
    ['a damaged file', '{"oper'],
  ])('is taken over from %s', async (_name, content) => {
    machine.write(LOCK_FILE, content);
    machine.systemd.told.set(operationUnit('a'), 'failed');
    expect(await take('b')).toBe('b begun');
    expect(await lockHolder(machine.host)).toBe('b');
  });

  it('is waited for within the given time', async () => {
    const clock = fakeClock();
    const { host } = createMachine({ clock, root: machine.root });
    held('a');
    machine.systemd.told.set(operationUnit('a'), 'active');
    const taken = takeLock({ ...machine, host }, 'b', 60, async () => clock.monotonic());
    for (let turn = 0; clock.monotonic() < 30; turn += 1) await clock.advance(1);
    machine.systemd.told.clear();
    let at: number | undefined;
    void taken.then((value) => (at = value));
    while (at === undefined) await clock.advance(1);
    expect(at).toBeGreaterThanOrEqual(30);
  });

  it('is kept when the work under it cannot begin: then nobody has a unit, and it can be taken over', async () => {
    await expect(takeLock(machine, 'a', 0, () => Promise.reject(new Error('no unit')))).rejects.toThrow(
      'no unit',
    );
    expect(await take('b')).toBe('b begun');
  });

  it('is never held by two of many processes at once, of which some die with it', async () => {
    mkdirSync(`${machine.root}/run`);
    held('one-that-is-gone');
    const operations = Array.from({ length: 8 }, (_, index) => `operation-${index}`);
    const ended = operations.map(async (operation, index) => {
      const args = ['--disable-warning=ExperimentalWarning', PROCESS, machine.root, operation];
      const child = spawn(process.execPath, [...args, index % 2 === 0 ? 'die' : 'free'], {
        stdio: 'inherit',
      });
      return (await once(child, 'exit')) as [number | null, string | null];
    });
    const exits = await Promise.all(ended);
    expect(exits).toEqual(operations.map((_, index) => (index % 2 === 0 ? [null, 'SIGKILL'] : [0, null])));
    const words = machine.read('/run/log').trim().split('\n');
    expect(words).toHaveLength(operations.length * 2);
    for (let index = 0; index < words.length; index += 2) {
      expect(words[index + 1]).toBe(words[index]?.replace('begin', 'end'));
    }
  });
});
