import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DesiredConfiguration } from '../../../src/api/desired-configuration.ts';
import { openUndo } from '../../../src/steps/host/undo.ts';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { configure } from '../../../src/steps/node/configure.ts';
import type { Action, StepContext } from '../../../src/steps/node/node-step.ts';
import { desiredConfiguration, desiredFile } from './desired.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { runStaticPod } from './pod-processes.ts';
import { contextFor, startService, touch } from './release.ts';
import { answerNewCertificate, CLUSTER_CONFIGURATION, servingCertificate } from './serving-certificate.ts';

const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
const CRT = '/etc/kubernetes/pki/apiserver.crt';
const EXTRA = '/etc/kubernetes/pki/extra.yaml';
const CONTAINERD = '/usr/local/bin/containerd';

let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
  host.answer(['stat', '--format=%U %u %G %g'], 'root 0 root 0\n');
  await startService(host, 'containerd', CONTAINERD, 3600);
  await touch(host, '/etc/containerd/config.toml', 7200);
  for (const command of [['kill'], ['sysctl'], ['systemctl', 'daemon-reload'], ['systemctl', 'restart']]) {
    host.answer(command, '');
  }
});
afterEach(() => host.remove());

const contextOf = (
  desired: Partial<DesiredConfiguration> = {},
  role: 'control-plane' | 'worker' = 'control-plane',
): StepContext => ({ ...contextFor(undefined, { role }), desired: desiredConfiguration(desired) });
const shape = (action: Action): string => {
  if (action.do === 'run') return action.argv.join(' ');
  if (action.do === 'write') return `write ${action.path}`;
  return action.do === 'work' ? action.what : action.do;
};
const shapes = async (context: StepContext): Promise<string[]> =>
  (await configure.prepare(host, context)).actions.map(shape);
const file = (path: string) => desiredFile(path, `# ${path}\n`);

describe('the work of configure', () => {
  it('is nothing where all is there', async () => {
    expect(await configure.prepare(host, contextOf())).toEqual({ refusals: [], actions: [], notes: [] });
    expect(await configure.problems(host, contextOf())).toEqual([]);
  });

  it('is in the order in which nothing meets what it is not ready for', async () => {
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 3600 });
    const paths = [
      '/etc/kubernetes/manifests/kube-vip.yaml',
      '/etc/containerd/config.toml',
      EXTRA,
      '/etc/sysctl.d/90-k8s.conf',
      '/etc/systemd/system/kubelet.service.d/20-proxy.conf',
    ];
    const context = contextOf({
      files: paths.map(file),
      kubeletExtraArgs: [{ name: 'max-pods', value: '50' }],
      certSANs: ['new.example.com'],
      clusterConfiguration: CLUSTER_CONFIGURATION,
    });
    const { refusals, actions } = await configure.prepare(host, context);
    expect(refusals).toEqual([]);
    expect(actions.map(shape)).toEqual([
      'check /etc/containerd/config.toml with containerd',
      'write /etc/containerd/config.toml',
      `write ${EXTRA}`,
      'write /etc/sysctl.d/90-k8s.conf',
      'write /etc/systemd/system/kubelet.service.d/20-proxy.conf',
      'sysctl -p /etc/sysctl.d/90-k8s.conf',
      'systemctl daemon-reload',
      `write ${FLAGS}`,
      'systemctl restart containerd',
      `make a new ${CRT}`,
      `restart kube-apiserver: it has read ${CRT} when it started`,
      'write /etc/kubernetes/manifests/kube-vip.yaml',
    ]);
  });

  it('is the same reloads again for an attempt that was killed before it came to them', async () => {
    const SYSCTL = '/etc/sysctl.d/90-k8s.conf';
    const context = contextOf({ files: [file(SYSCTL), file('/etc/kubernetes/other.yaml')] });
    await openUndo(host, 'machine-1-1', 'configure').save(SYSCTL, { what: SYSCTL });
    await host.files.write(SYSCTL, `# ${SYSCTL}\n`, { mode: 0o644 });
    expect(await shapes(context)).toEqual(['write /etc/kubernetes/other.yaml', `sysctl -p ${SYSCTL}`]);
  });

  it('is a restart of what has started before a file changed that is right now', async () => {
    const [path, context] = [EXTRA, contextOf({ files: [file(EXTRA), file('/etc/containerd/config.toml')] })];
    await host.files.write(path, `# ${path}\n`, { mode: 0o644 });
    await host.files.write('/etc/containerd/config.toml', '# /etc/containerd/config.toml\n', { mode: 0o644 });
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 60 });
    await touch(host, path, 61);
    await touch(host, '/etc/containerd/config.toml', 7200);
    expect(await shapes(context)).toEqual([]);
    expect(await configure.problems(host, context)).toEqual([]);
    await touch(host, path, 59);
    await touch(host, '/etc/containerd/config.toml', 1800);
    expect(await shapes(context)).toEqual([
      'systemctl restart containerd',
      `restart kube-apiserver: it has read ${path} when it started`,
    ]);
    expect(await configure.problems(host, context)).toEqual([
      'containerd: started before /etc/containerd/config.toml changed',
      `kube-apiserver: started before ${path} changed`,
    ]);
  });

  it('takes what kubelets of the target do not know for not desired', async () => {
    const kubeletExtraArgs = [
      { name: 'node-ip', value: '172.30.0.11' },
      { name: 'container-runtime', value: 'remote' },
    ];
    expect(await shapes(contextOf({ kubeletExtraArgs }))).toEqual([]);
  });

  it('of a worker touches no control plane', async () => {
    await host.remove();
    host = await createTestHost({ role: 'worker' });
    host.answer(['stat', '--format=%U %u %G %g'], 'root 0 root 0\n');
    const context = contextOf({ certSANs: ['new.example.com'], files: [file(EXTRA)] }, 'worker');
    expect(await shapes(context)).toEqual([`write ${EXTRA}`]);
    expect(await configure.problems(host, context)).toEqual([`${EXTRA}: absent, expected a file`]);
    expect(host.requests).toEqual([]);
  });
});

describe('configure is refused', () => {
  it.each<[string, () => Promise<void> | void, StepContext, string]>([
    [
      'without a desired configuration',
      () => {},
      contextFor(undefined),
      'the desired configuration: got none',
    ],
    [
      'when a path is none of a file',
      () => {},
      contextOf({ files: [file('/etc/kubernetes')] }),
      '/etc/kubernetes: is a folder, expected a file',
    ],
    [
      'when a certificate is asked for whose CA is not here',
      () => host.files.remove('/etc/kubernetes/pki/ca.key'),
      contextOf({ certSANs: ['new.example.com'], clusterConfiguration: CLUSTER_CONFIGURATION }),
      '/etc/kubernetes/pki/ca.key: absent',
    ],
  ])('%s', async (_, arrange, context, refusal) => {
    await arrange();
    expect((await configure.prepare(host, context)).refusals).toEqual([expect.stringContaining(refusal)]);
  });

  it('not for a missing CA when the certificate is right', async () => {
    const { cert, key } = await servingCertificate(host, ['new.example.com']);
    await host.files.write(CRT, cert, { mode: 0o644 });
    await host.files.write('/etc/kubernetes/pki/apiserver.key', key, { mode: 0o600 });
    await host.files.remove('/etc/kubernetes/pki/ca.key');
    const context = contextOf({ certSANs: ['new.example.com'] });
    expect(await configure.prepare(host, context)).toEqual({ refusals: [], actions: [], notes: [] });
  });
});

describe('configure', () => {
  const perform = (context: StepContext) => performStep(configure, host, context, { timeoutSeconds: 300 });

  it('writes, makes and restarts what is asked for', async () => {
    answerNewCertificate(host);
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 3600 });
    host.answer(['kill', '-s', 'TERM', '4242'], async () => {
      await host.files.remove('/proc/4242');
      await runStaticPod(host, 'kube-apiserver', { pid: 4300, secondsAgo: 0 });
      return '';
    });
    const kubeletExtraArgs = [
      { name: 'node-ip', value: '172.30.0.11' },
      { name: 'max-pods', value: '50' },
    ];
    const context = contextOf({
      files: [file(EXTRA)],
      kubeletExtraArgs,
      certSANs: ['new.example.com'],
      clusterConfiguration: CLUSTER_CONFIGURATION,
    });
    const { result } = await perform(context);
    expect(result.outcome).toBe('changed');
    expect(result.changes.map(({ what }) => what)).toEqual([EXTRA, FLAGS, CRT, 'kube-apiserver']);
    expect(String(await host.files.read(FLAGS))).toContain('--max-pods=50');
    expect(await configure.prepare(host, context)).toEqual({ refusals: [], actions: [], notes: [] });
  });

  it('has nothing of it left when containerd cannot read what is desired', async () => {
    host.answer([CONTAINERD, '--config', '/var/lib/refit/machine-1-1/check-config.toml'], { code: 1 });
    const before = await host.files.read('/etc/containerd/config.toml');
    const context = contextOf({ files: [file('/etc/containerd/config.toml'), file(EXTRA)] });
    expect((await perform(context)).result.outcome).toBe('failed');
    expect(await host.files.read('/etc/containerd/config.toml')).toEqual(before);
    expect(await host.files.status(EXTRA)).toBeUndefined();
    expect(host.commands.filter(([, word]) => word === 'restart')).toEqual([]);
  });

  it('makes the way back effective, too', async () => {
    host.answer(['sysctl', '-p'], { code: 255, stderr: 'sysctl: cannot stat /proc/sys/net/x: No such file' });
    const paths = [
      '/etc/sysctl.d/90.conf',
      '/etc/systemd/system/kubelet.service.d/20.conf',
      '/etc/containerd/config.toml',
    ];
    host.answer([CONTAINERD, '--config'], '');
    const { result } = await perform(contextOf({ files: paths.map(file) }));
    expect(result.message).toContain('sysctl -p /etc/sysctl.d/90.conf: exit code: got 255');
    expect(await host.files.status('/etc/sysctl.d/90.conf')).toBeUndefined();
    expect(host.commands.slice(-3)).toEqual([
      ['sysctl', '--system'],
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'restart', 'containerd'],
    ]);
  });

  it('on its way back ends static pods that have read what is taken back, and no others', async () => {
    const journal = openUndo(host, 'machine-1-1', 'configure');
    const scheduler = '/etc/kubernetes/scheduler.conf';
    for (const path of [EXTRA, scheduler]) {
      await journal.save(path, { what: path });
      await host.files.write(path, 'new', { mode: 0o600 });
      await touch(host, path, 30);
    }
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 20 });
    await runStaticPod(host, 'kube-scheduler', { pid: 4243, secondsAgo: 40 });
    expect(await configure.restoration?.(host, contextOf())).toEqual([['kill', '-s', 'TERM', '4242']]);
  });

  it('waits for an API server that is ready', async () => {
    host.respond('https://172.30.0.11:6443/readyz', { status: 500 });
    expect(await configure.problems(host, contextOf())).toEqual([
      'kube-apiserver: /readyz: got 500, expected 200',
    ]);
  });

  it('is not done with other kubelet arguments, nor with a certificate that lacks a name', async () => {
    const context = contextOf({
      kubeletExtraArgs: [{ name: 'v', value: '4' }],
      certSANs: ['new.example.com'],
    });
    expect(await configure.problems(host, context)).toEqual([
      `${FLAGS}: got other arguments than the desired ones`,
      `${CRT}: got no new.example.com, expected it among its names`,
    ]);
  });
});
