import { createHash } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeAction, executeAction } from '../../../src/steps/host/execute.ts';
import { openUndo, restore } from '../../../src/steps/host/undo.ts';
import type { Action } from '../../../src/steps/node/node-step.ts';
import { tempHost, type TempHost } from './temp-host.ts';
import { readTree } from './tree.ts';

let host: TempHost;
beforeEach(async () => void (host = await tempHost()));
afterEach(() => host.removeAll());

const execute = (action: Action) => executeAction(action, host, openUndo(host, 'edge-1', 'kubelet'));
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
const change = { what: 'it', from: 'old', to: 'new' };
const install = (content: string): Action => ({
  do: 'install',
  from: '/stage/kubelet',
  to: '/usr/bin/kubelet',
  sha256: sha256(content),
  change,
});

describe('install', () => {
  it('replaces the binary by the staged one', async () => {
    await host.put('/stage/kubelet', 'new', 0o600);
    await host.put('/usr/bin/kubelet', 'old', 0o700);
    expect(await execute(install('new'))).toEqual({ ...change, sha256: sha256('new') });
    expect(String(await host.files.read('/usr/bin/kubelet'))).toBe('new');
    expect(await host.files.status('/usr/bin/kubelet')).toMatchObject({
      mode: 0o755,
      uid: process.getuid?.(),
    });
  });

  it('installs nothing else than what was checked', async () => {
    await host.put('/stage/kubelet', 'changed since');
    await host.put('/usr/bin/kubelet', 'old', 0o700);
    const before = await readTree(host.root, ['/var']);
    await expect(execute(install('new'))).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringContaining('/stage/kubelet: sha256: got '),
    });
    expect(await readTree(host.root, ['/var'])).toEqual(before);
  });
});

describe('write and remove', () => {
  it('say the sha256 of new content, and can be undone', async () => {
    await host.put('/etc/removed', 'removed');
    await mkdir(join(host.root, '/var'));
    const before = await readTree(host.root, ['/var']);
    const content = Buffer.from('new');
    expect(await execute({ do: 'write', path: '/etc/x/file', content, mode: 0o640, change })).toEqual({
      ...change,
      sha256: sha256('new'),
    });
    expect(await execute({ do: 'remove', path: '/etc/removed', change })).toEqual(change);
    expect(await host.files.list('/etc')).toEqual(['group', 'passwd', 'x']);
    await restore(host, 'edge-1', 'kubelet');
    expect(await readTree(host.root, ['/var'])).toEqual(before);
  });

  it('report no removal of what is absent', async () => {
    expect(await execute({ do: 'remove', path: '/etc/none', change })).toBeUndefined();
  });

  it.each(['folder', 'link'])('remove no %s: it could not be put back', async (kind) => {
    if (kind === 'folder') await mkdir(join(host.root, '/etc/it'));
    else await symlink('passwd', join(host.root, '/etc/it'));
    await expect(execute({ do: 'remove', path: '/etc/it', change })).rejects.toMatchObject({
      reason: 'Failed',
      message: `/etc/it: got a ${kind}, expected a file: not removed`,
    });
    expect(await host.files.status('/etc/it')).toMatchObject({ kind });
  });
});

describe('run', () => {
  const sh = (script: string, more: object = {}): Action => ({
    do: 'run',
    argv: ['sh', '-c', script],
    ...more,
  });

  it('puts the output into the log', async () => {
    expect(await execute(sh('echo $WHAT', { env: { WHAT: 'ready' }, change }))).toEqual(change);
    expect(host.lines).toEqual(['  ready']);
  });

  it.each([
    ['stderr', 'echo out; echo one >&2; echo two >&2; exit 4', 'exit code: got 4, expected 0: one | two'],
    ['stdout when that is empty', 'echo out; exit 4', 'exit code: got 4, expected 0: out'],
    ['nothing when there is nothing', 'exit 4', 'exit code: got 4, expected 0'],
  ])('fails with the last lines of %s', async (_what, script, message) => {
    await expect(execute(sh(script))).rejects.toMatchObject({
      reason: 'Failed',
      message: `sh -c ${script}: ${message}`,
    });
  });

  it('bounds the message, and shows no environment', async () => {
    const noisy = 'i=0; while [ $i -lt 300 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1';
    const error = await execute(sh(noisy, { env: { TOKEN: 'very-secret' } })).catch(
      (failure: unknown) => failure,
    );
    const { message } = error as Error;
    expect(message.length).toBeLessThan(700);
    expect(message).toMatch(/\.\.\..* \| line 299$/);
    expect(message).not.toContain('very-secret');
  });
});

describe('the description of an action', () => {
  it.each([
    [install('new'), 'install /usr/bin/kubelet (new)'],
    [
      { do: 'write', path: '/etc/file', content: Buffer.from('secret'), mode: 0o600, change },
      'write /etc/file',
    ],
    [{ do: 'remove', path: '/etc/file', change }, 'remove /etc/file'],
    [
      { do: 'run', argv: ['systemctl', 'restart', 'kubelet'], env: { A: 'b' } },
      'run systemctl restart kubelet',
    ],
    [{ do: 'work', what: 'take a snapshot', perform: async () => undefined }, 'take a snapshot'],
  ] as [Action, string][])('%#: %s', (action, text) => expect(describeAction(action)).toBe(text));
});
