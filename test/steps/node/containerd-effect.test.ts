import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { containerd } from '../../../src/steps/node/containerd.ts';
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import { createContainerdHost, INSTALLED } from './containerd-host.ts';
import type { TestHost } from './host-tree.ts';
import { contextFor } from './release.ts';

let host: TestHost;
let components: StagedComponents;
beforeEach(async () => {
  ({ host, components } = await createContainerdHost());
});
afterEach(() => host.remove());

describe('the effect of containerd', () => {
  const perform = () => performStep(containerd, host, contextFor(components), { timeoutSeconds: 60 });

  it('is there after the step, and the step has nothing more to do', async () => {
    expect((await perform()).result.outcome).toBe('changed');
    expect(host.commands.filter((argv) => argv[1] === 'restart')).toHaveLength(1);
    const context = contextFor(components, { operation: 'machine-1-2' });
    const again = await performStep(containerd, host, context, { timeoutSeconds: 60 });
    expect(again.result).toMatchObject({ outcome: 'unchanged', changes: [] });
  });

  it('is not there while the old one runs, or another one answers', async () => {
    await perform();
    await host.files.write('/proc/987/exe', 'containerd v1.7.27\n', { mode: 0o755 });
    expect(await containerd.problems(host, contextFor(components))).toEqual([
      expect.stringMatching(/^containerd.service runs containerd: got sha256 \w{12}\.\.\., expected/),
      "containerd's server: got v1.7.27, expected v2.1.4",
    ]);
  });

  it('is not there while the service does not run, or the runtime is not ready', async () => {
    await perform();
    Object.assign(host.units['containerd'] ?? {}, { ActiveState: 'activating', MainPID: '0' });
    await host.files.write('/usr/bin/crictl', '', { mode: 0o755 });
    const conditions = [
      { type: 'RuntimeReady', status: false, reason: 'Starting' },
      { type: 'NetworkReady', status: false, reason: 'NoCNI' },
    ];
    host.answer(['/usr/bin/crictl', 'info'], JSON.stringify({ status: { conditions } }));
    expect(await containerd.problems(host, contextFor(components))).toEqual([
      'containerd.service: got activating, expected active',
      'container runtime: RuntimeReady: got false (Starting), expected true',
    ]);
  });

  it('that does not come: the old files are back, and restarted', async () => {
    host.answer(['systemctl', 'restart', 'containerd'], async () => {
      const installed = String(await host.files.read(INSTALLED));
      const fails = { code: 1, stderr: 'Job for containerd.service failed.\n' };
      return installed.includes('v2') ? fails : '';
    });
    const { result } = await perform();
    expect(result.outcome).toBe('failed');
    expect(result.message).toMatch(
      /^systemctl restart containerd: exit code: got 1, expected 0: Job for containerd/,
    );
    expect(result.message).toContain('systemctl restart containerd');
    expect(String(await host.files.read(INSTALLED))).toBe('containerd v1.7.27\n');
    expect(String(await host.files.read('/usr/local/sbin/runc'))).toBe('runc 1.2.5\n');
    expect(host.commands.filter((argv) => argv[1] === 'restart')).toHaveLength(2);
  });
});
