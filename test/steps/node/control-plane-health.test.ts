import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { apiServerProblems, controlPlaneProblems } from '../../../src/steps/node/control-plane-health.ts';
import { answerEtcd, OWN_MEMBER } from './etcd-answers.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

const API = 'https://172.30.0.11:6443';
const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const SCHEDULER = '/etc/kubernetes/manifests/kube-scheduler.yaml';
let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane', kubernetes: 'v1.34.4' });
  answerEtcd(host);
  host.respond(`${API}/version`, { body: '{"gitVersion":"v1.34.4"}' });
  host.respond('https://127.0.0.1:10257/healthz', {});
  host.respond('https://127.0.0.1:10259/healthz', {});
});
afterEach(() => host.remove());

const replace = async (path: string, from: string | RegExp, to: string): Promise<void> => {
  const text = String(await host.files.read(path));
  expect(text).toMatch(from);
  await host.files.write(path, text.replace(from, to), { mode: 0o600 });
};
const away = (url: string): void =>
  host.respond(url, () => {
    throw new StatusError(`GET ${url}: ECONNREFUSED`, { reason: 'Unavailable' });
  });

describe('a control plane', () => {
  it('is well', async () => {
    expect(await controlPlaneProblems(host, 'v1.34.4')).toEqual([]);
    const asked = host.requests.map(({ url }) => url.replace(/\/v3.*/, '')).sort();
    expect([...new Set(asked)]).toEqual([
      'https://127.0.0.1:10257/healthz',
      'https://127.0.0.1:10259/healthz',
      'https://172.30.0.11:2379',
      'https://172.30.0.11:2379/health',
      'https://172.30.0.11:2379/version',
      `${API}/readyz`,
      `${API}/version`,
    ]);
  });

  it.each<[string, () => Promise<void> | void, string[]]>([
    [
      'with an older scheduler on disk',
      () => replace(SCHEDULER, 'v1.34.4', 'v1.33.13'),
      [`${SCHEDULER}: got v1.33.13, expected v1.34.4`],
    ],
    [
      'without a scheduler',
      () => host.files.remove(SCHEDULER),
      [`${SCHEDULER}: got no manifest, expected v1.34.4`],
    ],
    [
      'whose API server runs in another version',
      () => host.respond(`${API}/version`, { body: '{"gitVersion":"v1.33.13"}' }),
      ['kube-apiserver: running: got v1.33.13, expected v1.34.4'],
    ],
    [
      'whose API server says no version',
      () => host.respond(`${API}/version`, { status: 500, body: 'oops' }),
      ['kube-apiserver: running: got no version, expected v1.34.4'],
    ],
    [
      'whose API server is not ready',
      () => host.respond(`${API}/readyz`, { status: 500 }),
      ['kube-apiserver: /readyz: got 500, expected 200'],
    ],
    [
      'whose API server is away',
      () => away(`${API}/`),
      [
        `kube-apiserver: /readyz: got GET ${API}/: ECONNREFUSED, expected 200`,
        'kube-apiserver: running: got no version, expected v1.34.4',
      ],
    ],
    [
      'whose scheduler is unwell',
      () => host.respond('https://127.0.0.1:10259/healthz', { status: 503 }),
      ['kube-scheduler: /healthz: got 503, expected 200'],
    ],
    [
      'whose controller-manager is away',
      () => away('https://127.0.0.1:10257/healthz'),
      [
        'kube-controller-manager: /healthz: got GET https://127.0.0.1:10257/healthz: ECONNREFUSED, expected 200',
      ],
    ],
    [
      'whose etcd member is unwell',
      () => answerEtcd(host, { members: [{ ...OWN_MEMBER, state: 'unhealthy' }] }),
      ['etcd: member node-1: got unhealthy, expected healthy'],
    ],
    [
      'whose etcd member is a learner',
      () => answerEtcd(host, { members: [{ ...OWN_MEMBER, isLearner: true }] }),
      ['etcd: member node-1: got a learner, expected a voting member'],
    ],
    [
      'whose etcd member is none any more',
      () => answerEtcd(host, { members: [{ name: 'node-2', clientURL: 'https://172.30.0.12:2379' }] }),
      ['etcd: got no member node-1'],
    ],
  ])('is unwell %s', async (_, arrange, problems) => {
    await arrange();
    expect(await controlPlaneProblems(host, 'v1.34.4')).toEqual(problems);
  });

  it('has problems, not an error, while etcd is away', async () => {
    away('https://172.30.0.11:2379');
    expect(await controlPlaneProblems(host, 'v1.34.4')).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  it("is not judged by another node's member of etcd", async () => {
    const other = { name: 'node-2', clientURL: 'https://172.30.0.12:2379', state: 'away' } as const;
    answerEtcd(host, { members: [OWN_MEMBER, other] });
    expect(await controlPlaneProblems(host, 'v1.34.4')).toEqual([]);
  });

  it('needs no etcd of its own', async () => {
    await host.files.remove('/etc/kubernetes/manifests/etcd.yaml');
    expect(await controlPlaneProblems(host, 'v1.34.4')).toEqual([]);
  });

  it('may be built by somebody else: a tag has no plus', async () => {
    for (const name of ['apiserver', 'controller-manager', 'scheduler']) {
      await replace(`/etc/kubernetes/manifests/kube-${name}.yaml`, 'v1.34.4', 'v1.34.4_vendor.1');
    }
    host.respond(`${API}/version`, { body: '{"gitVersion":"v1.34.4+vendor.1"}' });
    expect(await controlPlaneProblems(host, 'v1.34.4+vendor.1')).toEqual([]);
  });

  it('may have an image by digest', async () => {
    await replace(MANIFEST, ':v1.34.4', `@sha256:${'0'.repeat(64)}`);
    expect(await controlPlaneProblems(host, 'v1.34.4')).toEqual([]);
  });

  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['10.1.2.3', '10.1.2.3'],
    ['fd00::5', '[fd00::5]'],
  ])('is asked where it listens: %s', async (address, asked) => {
    await replace(SCHEDULER, '--bind-address=127.0.0.1', `"--bind-address=${address}"`);
    host.respond(`https://${asked}:10259/healthz`, {});
    await controlPlaneProblems(host, 'v1.34.4');
    expect(host.requests.map(({ url }) => url)).toContain(`https://${asked}:10259/healthz`);
  });
});

describe('the API server', () => {
  it('is trusted by the CA of the cluster only, and asked with an identity', async () => {
    expect(await apiServerProblems(host)).toEqual([]);
    const read = async (name: string): Promise<string> =>
      String(await host.files.read(`/etc/kubernetes/pki/${name}`));
    expect(host.requests).toEqual([
      {
        url: `${API}/readyz`,
        tls: {
          ca: await read('ca.crt'),
          cert: await read('apiserver-kubelet-client.crt'),
          key: await read('apiserver-kubelet-client.key'),
        },
        timeoutSeconds: 5,
      },
    ]);
  });

  it('is asked without where there is none', async () => {
    await host.files.remove('/etc/kubernetes/pki/apiserver-kubelet-client.key');
    await apiServerProblems(host);
    expect(Object.keys(host.requests[0]?.tls ?? {})).toEqual(['ca']);
  });

  it('is missing', async () => {
    await host.files.remove(MANIFEST);
    expect(await apiServerProblems(host)).toEqual([`${MANIFEST}: absent`]);
  });

  it('cannot be asked without the CA', async () => {
    await host.files.remove('/etc/kubernetes/pki/ca.crt');
    await expect(apiServerProblems(host)).rejects.toMatchObject({ reason: 'Failed' });
  });
});
