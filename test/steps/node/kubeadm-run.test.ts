import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CommandResult } from '../../../src/steps/host/host.ts';
import { keepKubeadmFiles } from '../../../src/steps/node/kubeadm-files.ts';
import { kubeadmRun, runKubeadm } from '../../../src/steps/node/kubeadm-run.ts';
import type { TestHost } from './host-tree.ts';
import { createKubeadmSite, KUBEADM, UPGRADE_NODE, type KubeadmSite } from './kubeadm-site.ts';

const RESTART = ['systemctl', 'restart', 'kubelet'];
const API_SERVER = '/etc/kubernetes/manifests/kube-apiserver.yaml';

let site: KubeadmSite;
let host: TestHost;
beforeEach(async () => {
  site = await createKubeadmSite('control-plane');
  host = site.host;
  host.answer(RESTART, '');
});
afterEach(() => host.remove());

/** Each run takes so many seconds and ends so. */
function answerRuns(...runs: { seconds: number; result: Partial<CommandResult> }[]): void {
  const left = [...runs];
  host.answer(UPGRADE_NODE, async (_argv, options) => {
    options?.onLine?.('[upgrade] line');
    const run = left.shift();
    await host.clock.advance(run?.seconds ?? 0);
    return run?.result ?? {};
  });
}

const run = (role: 'control-plane' | 'worker' = 'control-plane', kubernetes = 'v1.34.4'): Promise<void> => {
  const plan = { ...site.context.plan, role, kubernetes };
  const settings = { kubeadm: KUBEADM, patchesDirectory: undefined, ignorePreflightErrors: [] };
  return runKubeadm(host, plan, kubeadmRun(plan, settings));
};
const failure = (stderr: string): Partial<CommandResult> => ({ code: 1, stderr });
const acts = (): string[] => host.commands.map(([program = '', word]) => `${program} ${word}`);

describe('kubeadm upgrade node', () => {
  it('is done when it ends well, and tells its lines', async () => {
    answerRuns({ seconds: 30, result: {} });
    await run();
    expect(acts()).toEqual([`${KUBEADM} upgrade`]);
    expect(host.lines).toEqual(['  [upgrade] line']);
  });

  it('keeps the proxy variables of the API server, and shows none', async () => {
    const manifest = (await host.files.read(API_SERVER))?.toString() ?? '';
    const env = 'env: [{ name: https_proxy, value: "http://u:hunter2@proxy" }, { name: SITE, value: x }]';
    const edited = manifest.replace(
      /( +)(?:- )?image: .*/,
      (line, indent: string) => `${line}\n${indent}${env}`,
    );
    await host.files.write(API_SERVER, edited, { mode: 0o600 });
    let given: unknown;
    host.answer(UPGRADE_NODE, (_argv, options) => {
      given = options?.env;
      return '';
    });
    await run();
    expect(given).toEqual({ https_proxy: 'http://u:hunter2@proxy' });
    expect(host.lines.join()).not.toContain('hunter2');
  });

  it('is tried once more on a control plane, after a restart of the kubelet, and says so', async () => {
    answerRuns({ seconds: 900, result: failure('error: hash did not change') }, { seconds: 60, result: {} });
    await run();
    expect(acts()).toEqual([`${KUBEADM} upgrade`, 'systemctl restart', `${KUBEADM} upgrade`]);
    expect(host.lines).toContain('kubeadm upgrade node: once more, after a restart of the kubelet');
  });

  it('is not tried a third time', async () => {
    answerRuns({ seconds: 9, result: failure('error: one') }, { seconds: 9, result: failure('error: two') });
    await expect(run()).rejects.toMatchObject({
      reason: 'Failed',
      message: 'kubeadm upgrade node: exit code: got 1, expected 0: error: two',
    });
    expect(acts()).toHaveLength(3);
  });

  it('is not tried again on a worker', async () => {
    answerRuns({ seconds: 9, result: failure('error: no API server') });
    await expect(run('worker')).rejects.toMatchObject({ reason: 'Failed' });
    expect(acts()).toEqual([`${KUBEADM} upgrade`]);
  });

  it('is not tried again when no time is left', async () => {
    answerRuns({ seconds: 1741, result: failure('error: timed out') });
    await expect(run()).rejects.toMatchObject({ message: expect.stringContaining('timed out') });
    expect(acts()).toEqual([`${KUBEADM} upgrade`]);
  });

  it('fails with its own reason when the kubelet cannot be restarted', async () => {
    answerRuns({ seconds: 9, result: failure('error: hash did not change') });
    host.answer(RESTART, { code: 1, stderr: 'Job failed' });
    await expect(run()).rejects.toMatchObject({
      message: expect.stringMatching(/hash did not change.*Job failed/),
    });
  });

  it('is given a configuration only where it takes one', async () => {
    answerRuns();
    await run('control-plane', 'v1.30.14');
    expect(await host.files.list('/var/lib/refit/machine-1-1')).toEqual([]);
    await run();
    expect(await host.files.list('/var/lib/refit/machine-1-1')).toEqual(['upgrade-configuration.yaml']);
  });
});

describe('a manifest that a killed kubeadm has left nowhere', () => {
  it('is put back first', async () => {
    await keepKubeadmFiles(host, 'machine-1-1');
    await host.files.remove(API_SERVER);
    host.answer(UPGRADE_NODE, async () => {
      expect(await host.files.status(API_SERVER)).toMatchObject({ kind: 'file' });
      return '';
    });
    await run();
    expect(host.lines).toEqual([`${API_SERVER}: was missing, put back`]);
  });

  it('stops kubeadm when it cannot be put back: it would take the node for a worker', async () => {
    answerRuns();
    await host.files.remove(API_SERVER);
    await expect(run()).rejects.toMatchObject({
      message: expect.stringContaining('kubeadm would take this control plane for a worker'),
    });
    expect(acts()).toEqual([]);
  });
});
