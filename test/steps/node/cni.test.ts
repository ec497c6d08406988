import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { cni } from '../../../src/steps/node/cni.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor, writeRelease } from './release.ts';

const FOLDER = '/var/lib/refit/stage/r1';
let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'worker' });
});
afterEach(() => host.remove());

describe('CNI plugins', () => {
  it('that differ are installed one by one, others are kept', async () => {
    const components = await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4', cni: 'v1.7.1' });
    await host.files.copy(`${FOLDER}/cni/bridge`, '/opt/cni/bin/bridge', { mode: 0o755 });
    const { actions, refusals, notes } = await cni.prepare(host, contextFor(components));
    const install = (name: string): unknown => {
      const sha256 = components.files.find((file) => file.name === name)?.sha256;
      const to = `/opt/cni/bin/${name}`;
      return {
        do: 'install',
        from: `${FOLDER}/cni/${name}`,
        to,
        sha256,
        change: { what: to, to: 'v1.7.1', sha256 },
      };
    };
    expect(actions).toEqual([install('loopback'), install('tap')]);
    expect(refusals).toEqual([]);
    expect(notes).toEqual(['/opt/cni/bin: not ours, kept: calico']);
  });

  it('are there after the step, and those of others too', async () => {
    const context = contextFor(await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4', cni: 'v1.7.1' }));
    expect(await cni.problems(host, context)).toHaveLength(3);
    const { result } = await performStep(cni, host, context, { timeoutSeconds: 60 });
    expect(result).toMatchObject({ outcome: 'changed' });
    expect(await host.files.list('/opt/cni/bin')).toEqual(['bridge', 'calico', 'loopback', 'tap']);
    expect(String(await host.files.read('/opt/cni/bin/loopback'))).toBe('loopback v1.7.1\n');
    expect((await host.files.status('/opt/cni/bin/tap'))?.mode).toBe(0o755);
    const again = await performStep(
      cni,
      host,
      { ...context, plan: { ...context.plan, operation: 'machine-1-2' } },
      { timeoutSeconds: 60 },
    );
    expect(again.result).toMatchObject({ outcome: 'unchanged', changes: [] });
  });

  it('are left alone when the release brings none', async () => {
    const context = contextFor(await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4' }));
    expect(await cni.prepare(host, context)).toEqual({
      refusals: [],
      actions: [],
      notes: ['the release brings no CNI plugins'],
    });
    expect(await cni.problems(host, context)).toEqual([]);
  });

  it('are refused when a staged one is corrupt, or the disk is full', async () => {
    const components = await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4', cni: 'v1.7.1' });
    await host.files.write(`${FOLDER}/cni/loopback`, 'loopback v1.7.0\n', { mode: 0o755 });
    host.files.spaces.set('/opt/cni/bin', { freeBytes: 64 * 2 ** 20, freeInodes: 100 });
    const { result } = await performStep(cni, host, contextFor(components), { timeoutSeconds: 60 });
    expect(result.outcome).toBe('failed');
    expect(result.message).toMatch(
      /^\/var\/lib\/refit\/stage\/r1\/cni\/loopback: got sha256 \w{12}\.\.\., expected sha256 \w{12}\.\.\.; \/opt\/cni\/bin: got 67108864 bytes free, expected 67108905; nothing was changed/,
    );
    expect(String(await host.files.read('/opt/cni/bin/bridge'))).toBe('bridge v1.6.2\n');
  });
});
