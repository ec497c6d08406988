import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../../src/api/errors.ts';
import { readDecision } from '../../../../src/steps/node/flip/decision.ts';
import {
  flipNote,
  leaveFlip,
  prepareFlip,
  type PreparedFlip,
} from '../../../../src/steps/node/flip/prepare-flip.ts';
import { writeNodeRecord } from '../../../../src/steps/node/node-record.ts';
import type { StepContext } from '../../../../src/steps/node/node-step.ts';
import { manifestFile, STATIC_PODS, type StaticPodName } from '../../../../src/steps/node/static-pods.ts';
import { desiredFile } from '../desired.ts';
import { answerEtcd, ETCD_URL, OWN_MEMBER } from '../etcd-answers.ts';
import type { TestHost } from '../host-tree.ts';
import { digest } from '../release.ts';
import {
  CLUSTER,
  createFlipSite,
  FOLDER,
  INSTALLED_KUBEADM,
  STAGED_KUBEADM,
  type FlipSite,
} from './render-site.ts';
import { edited, NEW, OLD, recorded, type Pod } from './recorded.ts';

let site: FlipSite;
let host: TestHost;
beforeEach(async () => {
  site = await createFlipSite();
  host = site.host;
});
afterEach(() => host.remove());

async function prepare(context: StepContext = site.context()): Promise<PreparedFlip | undefined> {
  const prepared = await prepareFlip(host, context);
  await leaveFlip(host, context.plan.operation, prepared);
  return prepared;
}

async function edit(name: StaticPodName, change: (pod: Pod) => void): Promise<void> {
  await host.files.write(manifestFile(name), edited(recorded(OLD, name), change), { mode: 0o600 });
}
const byHand = (pod: Pod): void => void pod.spec.containers[0].command.push('--v=4');

/** What lies in /etc/kubernetes, and the kubelet's. */
async function nodeFiles(): Promise<(string | undefined)[]> {
  const paths = [...STATIC_PODS.map(manifestFile), '/usr/bin/kubelet', INSTALLED_KUBEADM];
  return Promise.all(paths.map((path) => host.files.sha256(path)));
}

async function record(names: readonly StaticPodName[]): Promise<void> {
  const kubeadmFiles: Record<string, string> = {};
  for (const name of names) {
    kubeadmFiles[manifestFile(name)] = digest((await host.files.read(manifestFile(name))) ?? '');
  }
  await writeNodeRecord(host, {
    ...{
      version: 1,
      operation: 'machine-1-0',
      hash: 'h',
      kubernetes: OLD,
      release: 'r0',
      desiredSha256: digest(''),
    },
    ...{ kubeletExtraArgs: [], finishedAt: '2026-01-01T00:00:00.000Z', kubeadmFiles },
  });
}

describe('a node as kubeadm left it', () => {
  it('gets the manifests of the new kubeadm and a decision that names both', async () => {
    const before = await nodeFiles();
    const prepared = await prepare();
    const decision = await readDecision(host, 'machine-1-1');
    expect(decision).toEqual(prepared?.decision);
    expect(decision).toEqual({
      version: 1,
      method: 'flip',
      reasons: [],
      etcdMinorChanges: true,
      manifests: Object.fromEntries(
        STATIC_PODS.map((name) => [
          name,
          { sha256: digest(recorded(NEW, name)), fromSha256: digest(recorded(OLD, name)) },
        ]),
      ),
    });
    for (const name of STATIC_PODS) {
      const path = `${FOLDER}/manifests/${name}.yaml`;
      expect(await host.files.read(path)).toEqual(recorded(NEW, name));
      expect((await host.files.status(path))?.mode).toBe(0o600);
    }
    expect(await host.files.list(FOLDER)).toEqual(['decision.json', 'manifests']);
    expect(await nodeFiles()).toEqual(before);
    expect(prepared && flipNote(prepared)).toBe(
      'the control plane will be flipped, etcd to another minor version',
    );
  });

  it('tells what changes, and nothing that kubeadm printed', async () => {
    await prepare();
    expect(host.lines).toContain('flip: etcd: --feature-gates: got nothing, then "InitialCorruptCheck=true"');
    expect(host.lines.join('\n')).not.toContain('hunter2');
  });

  it('is rendered by both kubeadms for this node, each at its own version', async () => {
    await prepare();
    expect(
      site.asked.map(({ kubeadm, configuration }) => [kubeadm, configuration[1]?.['kubernetesVersion']]),
    ).toEqual([
      [STAGED_KUBEADM, NEW],
      [STAGED_KUBEADM, NEW],
      [INSTALLED_KUBEADM, OLD],
      [INSTALLED_KUBEADM, OLD],
    ]);
    expect(site.asked[0]?.configuration).toEqual([
      {
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        kind: 'InitConfiguration',
        localAPIEndpoint: { advertiseAddress: '172.30.0.11', bindPort: 6443 },
        nodeRegistration: { name: 'node-1', criSocket: 'unix:///var/run/containerd/containerd.sock' },
      },
      {
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        kind: 'ClusterConfiguration',
        kubernetesVersion: NEW,
        clusterName: 'c',
        controlPlaneEndpoint: '172.30.0.10:6443',
        networking: { podSubnet: '10.1.0.0/16' },
      },
    ]);
  });

  it('is rendered by a kubeadm that makes folders, too', async () => {
    site.makesFolders = true;
    expect((await prepare())?.decision.method).toBe('flip');
    expect(await host.files.list(FOLDER)).toEqual(['decision.json', 'manifests']);
  });

  it('is prepared again with the same result', async () => {
    const first = await prepare();
    expect(await prepare()).toEqual(first);
    expect(await host.files.list(FOLDER)).toEqual(['decision.json', 'manifests']);
  });

  it('is rendered with the patches that the Machine asks for, in their new form', async () => {
    await host.files.write('/srv/patches/etcd+merge.yaml', 'old', { mode: 0o644 });
    await host.files.write('/srv/patches/kube-scheduler.yaml', 'kept', { mode: 0o644 });
    await host.files.write('/srv/patches/more/etcd.yaml', 'no', { mode: 0o644 });
    const files = [desiredFile('/srv/patches/etcd+merge.yaml', 'new'), desiredFile('/srv/patches/x/y', 'no')];
    await prepare(site.context({ desired: { patchesDirectory: '/srv/patches/', files } }));
    for (const { patches } of site.asked) {
      expect(patches).toEqual({ 'etcd+merge.yaml': 'new', 'kube-scheduler.yaml': 'kept' });
    }
    expect(String(await host.files.read('/srv/patches/etcd+merge.yaml'))).toBe('old');
    expect(await host.files.list(FOLDER)).toEqual(['decision.json', 'manifests']);
  });
});

describe('a node with a record of its last operation', () => {
  it('needs no old kubeadm when nothing was edited since', async () => {
    await edit('kube-apiserver', byHand);
    await record(STATIC_PODS);
    await host.files.write(INSTALLED_KUBEADM, 'kubeadm v1.34.4\n', { mode: 0o755 });
    expect((await prepare())?.decision.method).toBe('flip');
    expect(site.asked.map(({ kubeadm }) => kubeadm)).toEqual([STAGED_KUBEADM, STAGED_KUBEADM]);
  });

  it('is judged where something was', async () => {
    await record(STATIC_PODS);
    await edit('kube-apiserver', byHand);
    expect((await prepare())?.decision.reasons).toEqual([
      '/etc/kubernetes/manifests/kube-apiserver.yaml: edited by hand, or made by another configuration: ' +
        '--v: got "4", expected nothing of kubeadm v1.33.13',
    ]);
  });
});

describe('kubeadm instead, and nothing rendered is left,', () => {
  const external = CLUSTER + 'etcd: {external: {endpoints: ["https://etcd.site:2379"]}}\n';
  it.each<[string, () => Promise<unknown> | StepContext, string]>([
    ['with a hand edit', () => edit('kube-scheduler', byHand), '--v: got "4"'],
    [
      'without a configuration of the cluster',
      () => ({ ...site.context(), desired: undefined }),
      'kubeadm-config: got no ClusterConfiguration',
    ],
    [
      'with one that is none',
      () => site.context({ desired: { clusterConfiguration: '- hunter2' } }),
      'kubeadm-config: ClusterConfiguration: got something else',
    ],
    [
      'with etcd elsewhere',
      () => site.context({ desired: { clusterConfiguration: external } }),
      'got external',
    ],
    ['without etcd here', () => host.files.remove(manifestFile('etcd')), 'an etcd elsewhere is not flipped'],
    [
      'without a manifest',
      () => host.files.remove(manifestFile('kube-scheduler')),
      'kube-scheduler.yaml: got no file, expected a static pod of kubeadm',
    ],
    [
      'with a manifest of the Machine',
      () => site.context({ desired: { files: [desiredFile(manifestFile('etcd'), 'x')] } }),
      'file /etc/kubernetes/manifests/etcd.yaml: the Machine',
    ],
    [
      'with a manifest that is none',
      () => host.files.write(manifestFile('kube-scheduler'), 'hunter2: [', { mode: 0o600 }),
      'kube-scheduler.yaml: not a static pod of kubeadm: no valid yaml',
    ],
    [
      'when the new one does not read the configuration',
      async () =>
        site.fail(STAGED_KUBEADM, {
          stdout: 'hunter2',
          stderr: 'error: unknown field "x"\nTo see the stack trace of this error execute with --v=5\n',
        }),
      `${STAGED_KUBEADM} init phase control-plane all: exit code: got 1, expected 0: error: unknown field "x"`,
    ],
    [
      'when the new one renders nothing',
      async () => site.fail(STAGED_KUBEADM, { code: 0 }),
      `${STAGED_KUBEADM}: got no manifest of etcd, expected one`,
    ],
    [
      'when the old one does not read it, and there is no record',
      async () =>
        site.fail(INSTALLED_KUBEADM, { stderr: 'error: no kind "ClusterConfiguration" is registered' }),
      'exit code: got 1, expected 0: error: no kind "ClusterConfiguration" is registered',
    ],
    [
      'when the installed kubeadm has not made them',
      () => host.files.write(INSTALLED_KUBEADM, 'kubeadm v1.34.4\n', { mode: 0o755 }),
      '/usr/bin/kubeadm: got v1.34.4, expected v1.33.13',
    ],
    [
      'without a new kubeadm',
      () => ({ ...site.context(), components: undefined }),
      'release r1: got no kubeadm',
    ],
    [
      'without room for a copy of etcd',
      async () => {
        await host.files.write('/var/lib/etcd/member/snap/db', 'x'.repeat(1000), { mode: 0o600 });
        host.files.space = async () => ({ freeBytes: 1499, freeInodes: 1_000_000 });
      },
      `${FOLDER}: got 0.00 GiB free, expected 0.00 GiB for a copy of /var/lib/etcd`,
    ],
  ])('%s', async (_, spoil, reason) => {
    const given = await spoil();
    const prepared = await prepare(
      given instanceof Object && 'plan' in given ? (given as StepContext) : undefined,
    );
    const decision = await readDecision(host, 'machine-1-1');
    expect(decision).toMatchObject({ method: 'kubeadm', manifests: {} });
    expect(decision?.reasons.join('\n')).toContain(reason);
    expect(decision?.reasons.join('\n')).not.toContain('hunter2');
    expect(await host.files.list(FOLDER)).toEqual(['decision.json']);
    expect(prepared && flipNote(prepared)).toMatch(/^controlPlane\.method: kubeadm instead of flip: /);
  });

  it('after an earlier stage that would have flipped', async () => {
    await prepare();
    await edit('etcd', byHand);
    await prepare();
    expect(await host.files.list(FOLDER)).toEqual(['decision.json']);
  });
});

describe('auto', () => {
  const auto = () => prepare(site.context({ plan: { controlPlane: { method: 'auto' } } }));
  const other = { name: 'node-2', clientURL: 'https://172.30.0.12:2379' };

  it('flips the only member of etcd', async () => {
    answerEtcd(host);
    expect((await auto())?.decision.method).toBe('flip');
  });

  it.each<[string, () => unknown]>([
    ['one of several', () => answerEtcd(host, { members: [OWN_MEMBER, other] })],
    [
      'one that does not answer',
      () =>
        host.respond(ETCD_URL, ({ url }) => {
          throw new StatusError(`POST ${url}: ECONNREFUSED`, { reason: 'Unavailable' });
        }),
    ],
    ['a node with its etcd elsewhere', () => host.files.remove(manifestFile('etcd'))],
  ])('leaves %s to kubeadm', async (_, spoil) => {
    await spoil();
    expect(await auto()).toBeUndefined();
    expect(site.asked).toEqual([]);
  });
});

describe('nothing is looked at, and what was left before is gone,', () => {
  it.each<[string, Partial<StepContext['plan']>]>([
    ['when the policy does not ask for it', { controlPlane: { method: 'kubeadm' } }],
    ['when kubeadm has no step here', { steps: [{ name: 'containerd', timeoutSeconds: 300 }] }],
  ])('%s', async (_, plan) => {
    await prepare();
    site.asked.length = 0;
    expect(await prepare(site.context({ plan }))).toBeUndefined();
    expect(site.asked).toEqual([]);
    expect(await host.files.list('/var/lib/refit/machine-1-1')).toEqual([]);
  });
});
