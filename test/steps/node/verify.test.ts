import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { NODE_RECORD_FILE } from '../../../src/steps/host/folders.ts';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { completeBackup } from '../../../src/steps/node/backup-manifest.ts';
import { readNodeRecord } from '../../../src/steps/node/node-record.ts';
import type { StepContext } from '../../../src/steps/node/node-step.ts';
import { manifestFile } from '../../../src/steps/node/static-pods.ts';
import { nodeRuntimeVersion, stabilityProblems, verify } from '../../../src/steps/node/verify.ts';
import { answerEtcd, ETCD_URL } from './etcd-answers.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor, digest, startService, writeRelease } from './release.ts';
import { NODE_ADDRESS, program } from './tree-content.ts';

const API = `https://${NODE_ADDRESS}:6443`;
const CRICTL = '/usr/local/bin/crictl';
const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
const VERSIONS = { kubernetes: 'v1.34.4', containerd: 'v1.7.28' };
const DESIRED = {
  version: 1 as const,
  files: [],
  kubeletExtraArgs: [
    { name: 'v', value: '4' },
    { name: 'max-pods', value: '50' },
  ],
  ignorePreflightErrors: [],
  certSANs: [],
};

let host: TestHost;
let context: StepContext;

const ctrVersion = (server: string): string =>
  `Client:\n  Version:  v1.7.28\n  Revision: 05044ec0\n  Go version: go1.23.7\n\nServer:\n  Version:  ${server}\n  Revision: 05044ec0\n  UUID: 1\n`;
const crictlInfo = (network: boolean): string =>
  JSON.stringify({
    status: {
      conditions: [
        { type: 'RuntimeReady', status: true, reason: '', message: '' },
        {
          type: 'NetworkReady',
          status: network,
          reason: network ? '' : 'NetworkPluginNotReady',
          message: '',
        },
      ],
    },
  });

/** A node on which all steps before have ended well. */
async function site(role: 'control-plane' | 'worker'): Promise<void> {
  host = await createTestHost({ role, kubernetes: VERSIONS.kubernetes, containerd: VERSIONS.containerd });
  const components = await writeRelease(host, '/var/lib/refit/stage/r1', VERSIONS);
  for (const { name } of components.files.filter(({ component }) => component === 'containerd')) {
    const to = name === 'runc' ? '/usr/local/sbin/runc' : `/usr/local/bin/${name}`;
    await host.files.copy(`/var/lib/refit/stage/r1/containerd/${name}`, to, { mode: 0o755 });
  }
  await startService(host, 'kubelet', '/usr/bin/kubelet');
  await startService(host, 'containerd', '/usr/local/bin/containerd');
  await host.files.write(CRICTL, 'crictl', { mode: 0o755 });
  host.answer([CRICTL, 'info'], crictlInfo(true));
  host.answer(['/usr/local/bin/ctr', 'version'], ctrVersion('v1.7.28'));
  host.respond('https://127.0.0.1:10257/healthz', {});
  host.respond('https://127.0.0.1:10259/healthz', {});
  host.respond(`${API}/version`, { body: '{"major":"1","minor":"34","gitVersion":"v1.34.4"}' });
  answerEtcd(host);
  const steps = [{ name: 'containerd' as const, timeoutSeconds: 300 }];
  context = { ...contextFor(components, { role, hash: 'v1-1', steps }), desired: DESIRED };
}

const perform = () => performStep(verify, host, context, { timeoutSeconds: 600 });
const problems = () => verify.problems(host, context);

afterEach(() => host.remove());

describe('a node that is as planned', () => {
  it.each(['control-plane', 'worker'] as const)('is recorded, as a %s', async (role) => {
    await site(role);
    expect(await problems()).toEqual([]);
    const { result, outputs } = await perform();
    expect(result).toMatchObject({ outcome: 'changed', changes: [] });
    expect(outputs).toEqual({ containerd: '1.7.28' });
    const files = [
      ...(role === 'worker'
        ? []
        : (['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const)
      ).map(manifestFile),
      KUBELET_CONFIG,
    ];
    const sums = await Promise.all(
      files.map(async (path) => [path, digest((await host.files.read(path)) ?? '')]),
    );
    expect(await readNodeRecord(host)).toEqual({
      version: 1,
      operation: 'machine-1-1',
      hash: 'v1-1',
      kubernetes: 'v1.34.4',
      release: 'r1',
      desiredSha256: digest(''),
      kubeletExtraArgs: ['max-pods', 'v'],
      kubeadmFiles: Object.fromEntries(sums) as Record<string, string>,
      finishedAt: '2026-01-01T00:00:00.000Z',
    });
    expect((await host.files.status(NODE_RECORD_FILE))?.mode).toBe(0o600);
  });

  it('is not recorded twice', async () => {
    await site('worker');
    await perform();
    await host.clock.advance(100);
    await startService(host, 'kubelet', '/usr/bin/kubelet');
    expect((await perform()).result.outcome).toBe('unchanged');
    expect((await readNodeRecord(host))?.finishedAt).toBe('2026-01-01T00:00:00.000Z');
  });

  it.each<[string, () => Promise<void>]>([
    [
      'another desired state',
      async () => void (context = { ...context, plan: { ...context.plan, hash: 'v1-2' } }),
    ],
    [
      'another operation',
      async () => void (context = { ...context, plan: { ...context.plan, operation: 'machine-1-2' } }),
    ],
    [
      'other files of kubeadm',
      () => host.files.write(KUBELET_CONFIG, 'kind: KubeletConfiguration\n', { mode: 0o644 }),
    ],
    ['a record that cannot be read', () => host.files.write(NODE_RECORD_FILE, '{', { mode: 0o600 })],
  ])('is recorded again for %s', async (_, change) => {
    await site('worker');
    await perform();
    await change();
    expect((await perform()).result.outcome).toBe('changed');
  });

  it('keeps the recorded kubelet arguments when nothing was handed over', async () => {
    await site('worker');
    await perform();
    context = { ...context, desired: undefined, plan: { ...context.plan, hash: 'v1-2' } };
    await perform();
    expect(await readNodeRecord(host)).toMatchObject({ hash: 'v1-2', kubeletExtraArgs: ['max-pods', 'v'] });
  });

  it('may have another runtime and no crictl', async () => {
    await site('worker');
    await host.files.remove(CRICTL);
    host.answer(['/usr/local/bin/ctr', 'version'], { code: 1 });
    context = { ...context, components: undefined };
    expect(await problems()).toEqual([]);
    expect((await perform()).outputs).toEqual({});
  });
});

describe('a problem', () => {
  beforeEach(() => site('control-plane'));
  const away = (): never => {
    throw new StatusError('ECONNREFUSED', { reason: 'Unavailable' });
  };

  it.each<[string, () => unknown, string]>([
    [
      'a kubelet file of another version',
      async () => {
        await host.files.write('/usr/bin/kubelet', program('kubelet', 'v1.33.13'), { mode: 0o755 });
        await startService(host, 'kubelet', '/usr/bin/kubelet');
      },
      '/usr/bin/kubelet: got v1.33.13, expected v1.34.4',
    ],
    [
      'a kubelet that was replaced but not restarted',
      () => host.files.write('/proc/1234/exe', program('kubelet', 'v1.33.13'), { mode: 0o755 }),
      'kubelet.service runs kubelet: got sha256',
    ],
    [
      'a kubelet that does not run',
      () => Object.assign(host.units['kubelet'] ?? {}, { ActiveState: 'failed', MainPID: '0' }),
      'kubelet.service: got failed',
    ],
    [
      'a kubelet that is not healthy',
      () => host.respond('http://127.0.0.1:10248/', { status: 500 }),
      'http://127.0.0.1:10248/healthz: got 500, expected 200',
    ],
    [
      'a kubelet that was just started',
      () => startService(host, 'kubelet', '/usr/bin/kubelet', 7),
      'kubelet.service: got 7.0 s since its last start (0 restarts), expected 10',
    ],
    [
      'a containerd server of another version',
      () => host.answer(['/usr/local/bin/ctr', 'version'], ctrVersion('v1.7.27')),
      "containerd's server: got v1.7.27, expected v1.7.28",
    ],
    [
      'no network for pods',
      () => host.answer([CRICTL, 'info'], crictlInfo(false)),
      'container runtime: NetworkReady: got false (NetworkPluginNotReady), expected true',
    ],
    [
      'a runtime that does not answer',
      () => host.answer([CRICTL, 'info'], { code: 1, stderr: 'connection refused' }),
      'expected 0: connection refused',
    ],
    [
      'a static pod of another version',
      async () => {
        const file = manifestFile('kube-scheduler');
        const text = String(await host.files.read(file)).replace('v1.34.4', 'v1.33.13');
        await host.files.write(file, text, { mode: 0o600 });
      },
      `${manifestFile('kube-scheduler')}: got v1.33.13, expected v1.34.4`,
    ],
    [
      'an API server that is not ready',
      () => host.respond(`${API}/readyz`, { status: 500 }),
      '/readyz: got 500, expected 200',
    ],
    [
      'an API server of another version',
      () => host.respond(`${API}/version`, { body: '{"gitVersion":"v1.33.13"}' }),
      'got v1.33.13, expected v1.34.4',
    ],
    ['an API server that does not answer', () => host.respond(API, away), 'ECONNREFUSED'],
    ['an etcd that does not answer', () => host.respond(ETCD_URL, away), 'ECONNREFUSED'],
    [
      'another member of etcd that is away',
      () =>
        answerEtcd(host, {
          members: [
            { name: 'node-1', clientURL: ETCD_URL },
            { name: 'node-2', clientURL: 'https://172.30.0.12:2379', state: 'away' },
          ],
        }),
      'etcd member node-2 (https://172.30.0.12:2379): got unhealthy',
    ],
    [
      'a member of etcd that was lost since the backup',
      () =>
        completeBackup(host, {
          version: 1,
          operation: 'machine-1-1',
          createdAt: '2026-01-01T00:00:00Z',
          etcd: { members: 3, snapshotSha256: digest('') },
          files: [],
        }),
      'etcd: got 1 members, expected 3',
    ],
  ])('is %s: nothing is recorded, and the step is to be tried again', async (_, spoil, expected) => {
    await spoil();
    expect(await problems()).toEqual(expect.arrayContaining([expect.stringContaining(expected)]));
    await expect(perform()).rejects.toMatchObject({
      reason: 'Unavailable',
      message: expect.stringContaining(expected),
    });
    expect(await readNodeRecord(host)).toBeUndefined();
  });
});

it('a containerd that this plan leaves alone is not judged', async () => {
  await site('worker');
  host.answer(['/usr/local/bin/ctr', 'version'], ctrVersion('v1.7.27'));
  context = { ...context, plan: { ...context.plan, steps: [] } };
  expect(await problems()).toEqual([]);
});

describe('stability', () => {
  const now = new Date('2026-01-01T00:01:00Z');
  const service = (startedAt: Date | undefined) => ({
    activeState: 'active',
    mainPid: 1,
    restarts: 3,
    startedAt,
    path: [],
    command: [],
    killMode: 'process',
  });
  it.each([
    ['a process of 10 s', new Date('2026-01-01T00:00:50Z'), []],
    [
      'a younger one',
      new Date('2026-01-01T00:00:50.100Z'),
      ['kubelet.service: got 9.9 s since its last start (3 restarts), expected 10'],
    ],
    ['none, which others tell', undefined, []],
  ])('of %s', (_, startedAt, expected) =>
    expect(stabilityProblems(service(startedAt), now)).toEqual(expected),
  );
});

it.each([
  ['v1.7.28', '1.7.28'],
  ['1.6.20~ds1', '1.6.20'],
  ['v2.1.4+unknown', '2.1.4+unknown'],
  ['v2.2.0-rc.1', '2.2.0-rc.1'],
  ['v1.7.28-0ubuntu1~24.04', '1.7.28'],
])('containerd %s is %s on the Node', (version, expected) =>
  expect(nodeRuntimeVersion(version)).toBe(expected),
);
