import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { FlipStep } from '../../../src/api/steps.ts';
import type { Action, NodeStep, StepContext, Work } from '../../../src/steps/node/node-step.ts';
import { createPreflight } from '../../../src/steps/node/preflight.ts';
import { featureGates } from '../../../src/steps/node/preflight-checks.ts';
import { answerEtcd, ETCD_URL, OWN_MEMBER } from './etcd-answers.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor, writeRelease } from './release.ts';
import { makeCertificate } from './tree-certificates.ts';
import { API_SERVER } from './tree-content.ts';

const RUN: Action = { do: 'run', argv: ['true'] };
let host: TestHost;
let context: StepContext;

beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
  const members = ['node-1', 'node-2', 'node-3'].map((name, index) => ({
    name,
    clientURL: `https://172.30.0.1${index + 1}:2379`,
    version: '3.5.26',
  }));
  answerEtcd(host, { members });
  context = contextFor(await writeRelease(host, '/new', { kubernetes: 'v1.34.3' }), {
    steps: [plan('kubeadm'), plan('configure'), plan('kubelet'), plan('verify')],
  });
});
afterEach(() => host.remove());

const plan = (name: FlipStep) => ({ name, timeoutSeconds: 60 });
const write = (path: string, content: string): Promise<void> =>
  host.files.write(path, content, { mode: 0o644 });

/** A step that finds what it is told to find. */
function fake(name: FlipStep, found: Partial<Work> | StatusError = {}): NodeStep {
  return {
    name,
    prepare: async () => {
      if (found instanceof StatusError) throw found;
      return { refusals: [], actions: [], notes: [], ...found };
    },
    problems: async () => [],
  };
}

const prepare = (...steps: NodeStep[]): Promise<Work> => createPreflight(steps).prepare(host, context);

describe('a node that can be upgraded', () => {
  it('is not refused, and only looked at', async () => {
    const work = await prepare(fake('kubeadm', { actions: [RUN] }));
    expect(work).toEqual({
      refusals: [],
      actions: [],
      notes: [
        'package kubelet (/usr/bin/kubelet): on hold, which is kept',
        'package kubeadm (/usr/bin/kubeadm): on hold, which is kept',
        'package kubectl (/usr/bin/kubectl): on hold, which is kept',
        '/etc/kubernetes-version: says v1.33.13 and will go on to say so: nothing keeps it up to date',
      ],
      outputs: { work: 'true', drain: 'true', 'drain-first': 'false', elsewhere: 'false' },
    });
    expect(await createPreflight([]).problems(host, context)).toEqual([]);
    const programs = new Set(host.commands.map(([program]) => program));
    expect([...programs].sort()).toEqual([
      '/proc/1234/exe',
      '/usr/bin/kubelet',
      '/usr/local/bin/containerd',
      'apt-mark',
      'dpkg-query',
      'stat',
      'systemctl',
      'uname',
    ]);
  });

  it('tells again what its launch was told of other nodes', async () => {
    const { outputs } = await createPreflight([]).prepare(host, { ...context, hasElsewhere: true });
    expect(outputs).toMatchObject({ elsewhere: 'true' });
  });

  it('may be a worker without components', async () => {
    const worker = await createTestHost({ role: 'worker', os: 'debian' });
    const alone = contextFor(undefined, { role: 'worker', kubernetes: 'v1.33.13' });
    const work = await createPreflight([fake('kubelet', { actions: [RUN] })]).prepare(worker, alone);
    expect(work).toMatchObject({ refusals: [], outputs: { work: 'false', drain: 'false' } });
    await worker.remove();
  });
});

describe('the steps that follow', () => {
  it('are asked for their work, with their name before what they say', async () => {
    const work = await prepare(
      fake('kubeadm', { refusals: ['no'], notes: ['look'] }),
      fake('configure', { actions: [RUN] }),
      fake('kubelet', new StatusError('cannot look', { reason: 'Failed' })),
    );
    expect(work.refusals).toEqual(['kubeadm: no', 'kubelet: cannot look']);
    expect(work.notes).toContain('kubeadm: look');
    expect(work.outputs).toMatchObject({ work: 'true', drain: 'false', 'drain-first': 'false' });
  });

  it('are not asked when they are not in the plan, and verify not before they are done', async () => {
    const work = await prepare(
      fake('containerd', { actions: [RUN], refusals: ['no'] }),
      fake('verify', new StatusError('not yet', { reason: 'Unavailable' })),
    );
    expect(work).toMatchObject({ refusals: [], outputs: { work: 'false', drain: 'false' } });
  });

  it('are not asked on a host that they cannot find their way on', async () => {
    await host.files.remove('/usr/bin/kubeadm');
    const work = await prepare(fake('kubelet', { refusals: ['no'] }));
    expect(work.refusals).toEqual([expect.stringMatching(/^kubeadm: got none in \/usr\/bin, /)]);
  });
});

describe('a node that cannot be upgraded', () => {
  it('is refused for everything at once', async () => {
    context = {
      ...contextFor(context.components, { kubernetes: 'v1.36.0', release: 'r2', role: 'worker' }),
      desired: {
        version: 1,
        files: [],
        kubeletExtraArgs: [],
        ignorePreflightErrors: [],
        certSANs: [],
        clusterConfiguration: 'featureGates: {ControlPlaneKubeletLocalMode: true}\n',
      },
    };
    await write('/etc/os-release', 'ID=flatcar\nVERSION_ID=3815\n');
    const { cert } = await makeCertificate('x', { notAfter: '2025-12-01T00:00:00Z' });
    await write('/etc/kubernetes/pki/ca.crt', cert);
    host.answer(['uname', '-m'], 'aarch64\n');
    host.answer(['stat', '-f', '-c', '%T', '/sys/fs/cgroup'], 'tmpfs\n');
    host.respond(API_SERVER, { headers: { date: 'Thu, 01 Jan 2026 00:01:00 GMT' } });
    answerEtcd(host, {
      members: [OWN_MEMBER, { name: 'node-2', clientURL: 'https://172.30.0.12:2379', state: 'away' }],
    });
    host.files.spaces.set('', { freeBytes: 1000, freeInodes: 100 });
    const { refusals } = await prepare(fake('kubeadm', { refusals: ['no'] }));
    expect(refusals.map((text) => text.split(': got')[0]).sort()).toEqual([
      '/etc/kubernetes/pki/ca.crt',
      '/sys/fs/cgroup',
      'architecture',
      'clock',
      'clusterConfiguration.featureGates',
      'components',
      'etcd member node-2',
      'etcd member node-2',
      'file system /',
      'file system /',
      'kube-apiserver',
      'kubelet',
      'operating system',
      'role',
    ]);
  });

  it('is refused for what can be seen while the API server is away, which is said too', async () => {
    await write('/etc/os-release', 'ID=flatcar\n');
    away(API_SERVER);
    expect((await prepare()).refusals).toEqual([
      expect.stringMatching(/^operating system: got flatcar/),
      'connection refused',
    ]);
  });

  it.each([API_SERVER, ETCD_URL])('only because %s is away is to be looked at again', async (url) => {
    away(url);
    await expect(prepare()).rejects.toMatchObject({ reason: 'Unavailable', message: 'connection refused' });
  });

  it('because a step cannot look now is to be looked at again', async () => {
    const passing = new StatusError('later', { reason: 'Unavailable' });
    await expect(prepare(fake('kubelet', passing))).rejects.toBe(passing);
  });
});

function away(url: string): void {
  host.respond(url, () => {
    throw new StatusError('connection refused', { reason: 'Unavailable' });
  });
}

it.each([
  ['two', 'apiVersion: v1\nfeatureGates:\n  A: true\n  B: false\n', ['A', 'B']],
  ['none', 'kind: ClusterConfiguration\n', []],
  ['no YAML', 'featureGates: {', []],
  ['no file', undefined, []],
])('feature gates are read from a configuration with %s', (_, text, names) => {
  expect(featureGates(text)).toEqual(names);
});
