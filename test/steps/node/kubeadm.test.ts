import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { writeNodeRecord } from '../../../src/steps/node/node-record.ts';
import { kubeadm } from '../../../src/steps/node/kubeadm.ts';
import { kubeadmFiles } from '../../../src/steps/node/kubeadm-files.ts';
import type { Action, StepContext } from '../../../src/steps/node/node-step.ts';
import { desiredConfiguration, desiredFile } from './desired.ts';
import type { TestHost } from './host-tree.ts';
import { createKubeadmSite, KUBEADM, TARGET, UPGRADE_NODE, type KubeadmSite } from './kubeadm-site.ts';

const CONFIG = '/var/lib/kubelet/config.yaml';
const API_SERVER = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const AUDIT = '/etc/kubernetes/audit.yaml';
const STAGED = '/var/lib/refit/stage/r1/kubernetes/kubeadm';

let site: KubeadmSite;
let host: TestHost;
beforeEach(async () => {
  site = await createKubeadmSite('control-plane');
  host = site.host;
});
afterEach(() => host.remove());

const shape = (action: Action): string => {
  if (action.do === 'install') return `install ${action.from} -> ${action.to}`;
  if (action.do === 'write') return `write ${action.path}`;
  return action.do === 'work' ? action.what : action.do;
};
const perform = (context: StepContext) => performStep(kubeadm, host, context, { timeoutSeconds: 1800 });

describe('the work of kubeadm', () => {
  it('is what it needs before, its binary, what it rewrites, then itself', async () => {
    const files = [
      desiredFile('/etc/kubernetes/patches/etcd.yaml', 'p'),
      desiredFile(AUDIT, 'a'),
      desiredFile('/etc/kubernetes/manifests/kube-vip.yaml', 'v'),
      desiredFile('/etc/sysctl.d/90.conf', 's'),
      desiredFile('/srv/patches/etcd.yaml', 'p'),
    ];
    const desired = desiredConfiguration({ files, patchesDirectory: '/srv/patches/' });
    const work = await kubeadm.prepare(host, { ...site.context, desired });
    expect(work.refusals).toEqual([]);
    expect(work.actions.map(shape)).toEqual([
      'write /etc/kubernetes/patches/etcd.yaml',
      `write ${AUDIT}`,
      'write /srv/patches/etcd.yaml',
      `install ${STAGED} -> ${KUBEADM}`,
      'keep what kubeadm will rewrite',
      'kubeadm upgrade node',
    ]);
    expect(work.actions.at(-1)).toMatchObject({
      change: { what: 'kubeadm upgrade node', from: 'v1.33.13', to: TARGET },
    });
  });

  it('says why it is needed, and who else believes to own the binary', async () => {
    const { notes } = await kubeadm.prepare(host, site.context);
    expect(host.lines).toEqual([
      `kubeadm is needed: ${KUBEADM} is not the staged one; no operation has ended well on this node; ` +
        ['apiserver', 'controller-manager', 'scheduler']
          .map((name) => `/etc/kubernetes/manifests/kube-${name}.yaml: got v1.33.13, expected ${TARGET}`)
          .join('; '),
    ]);
    expect(notes).toEqual([expect.stringContaining('belongs to package kubeadm')]);
  });

  it('is nothing on a node that is as its last operation left it', async () => {
    await host.files.copy(STAGED, KUBEADM, { mode: 0o755 });
    await site.upgrade();
    await record();
    expect(await kubeadm.prepare(host, site.context)).toEqual({ refusals: [], actions: [], notes: [] });
    await host.files.write(CONFIG, 'kind: other', { mode: 0o644 });
    const { actions } = await kubeadm.prepare(host, site.context);
    expect(actions.map(shape)).toEqual(['keep what kubeadm will rewrite', 'kubeadm upgrade node']);
    expect(host.lines).toEqual([`kubeadm is needed: ${CONFIG} is not as the last operation left it`]);
  });
});

async function record(): Promise<void> {
  const { operation, hash, kubernetes, release, desiredSha256 } = site.context.plan;
  await writeNodeRecord(host, {
    ...{ version: 1, operation, hash, kubernetes, release, desiredSha256, kubeletExtraArgs: [] },
    kubeadmFiles: await kubeadmFiles(host),
    finishedAt: host.clock.now().toISOString(),
  });
}

describe('kubeadm is refused', () => {
  it.each<[string, () => Partial<StepContext>, string]>([
    [
      'without a desired configuration',
      () => ({ desired: undefined }),
      'the desired configuration: got none',
    ],
    [
      'when nothing is staged and another version is installed',
      () => ({ components: undefined }),
      `${KUBEADM}: got v1.33.13, expected v1.34.4, which is not staged`,
    ],
    [
      'when its patches are nowhere',
      () => ({ desired: desiredConfiguration({ patchesDirectory: '/etc/kubernetes/patches' }) }),
      'patches.directory /etc/kubernetes/patches: absent, expected a folder',
    ],
    [
      'when a file that it needs cannot be written',
      () => ({ desired: desiredConfiguration({ files: [desiredFile('/etc/kubernetes/../x', 'a')] }) }),
      'file "/etc/kubernetes/../x": expected an absolute, normalised path of a file',
    ],
  ])('%s', async (_, change, refusal) => {
    const work = await kubeadm.prepare(host, { ...site.context, ...change() });
    expect(work.refusals).toEqual([expect.stringContaining(refusal)]);
  });

  it('when the staged one was changed', async () => {
    await host.files.write(STAGED, 'kubeadm v6.6.6', { mode: 0o755 });
    expect((await kubeadm.prepare(host, site.context)).refusals).toEqual([expect.stringContaining(STAGED)]);
  });
});

describe('a control plane', () => {
  it('is upgraded', async () => {
    host.answer(UPGRADE_NODE, async (argv) => {
      const [, file = ''] = (argv.find((word) => word.startsWith('--config=')) ?? '').split('=');
      expect((await host.files.status(file))?.mode).toBe(0o600);
      await site.upgrade();
      return '[upgrade/successful]\n';
    });
    const { result } = await perform(site.context);
    expect(result).toMatchObject({ outcome: 'changed', step: 'kubeadm' });
    const changes = new Map(result.changes.map(({ what, from, to }) => [what, { from, to }]));
    expect(changes.get(KUBEADM)).toEqual({ from: 'v1.33.13', to: TARGET });
    expect(changes.get('kubeadm upgrade node')).toEqual({ from: 'v1.33.13', to: TARGET });
    expect(await kubeadm.problems(host, site.context)).toEqual([]);
  });

  it('is not well while its old API server runs, whatever its manifests say', async () => {
    await host.files.copy(STAGED, KUBEADM, { mode: 0o755 });
    await site.upgrade();
    host.respond('https://172.30.0.11:6443/version', { body: '{"gitVersion":"v1.33.13"}' });
    expect(await kubeadm.problems(host, site.context)).toEqual([
      `kube-apiserver: running: got v1.33.13, expected ${TARGET}`,
    ]);
  });

  it('goes all the way back when kubeadm put its manifests back itself', async () => {
    host.answer(['systemctl', 'restart', 'kubelet'], '');
    host.answer(UPGRADE_NODE, async () => {
      await site.upgrade(CONFIG);
      return {
        code: 1,
        stderr: 'error: etcd cluster is not healthy\nTo see the stack trace of this error execute',
      };
    });
    const desired = desiredConfiguration({ files: [desiredFile(AUDIT, 'new')] });
    const before = await Promise.all([KUBEADM, CONFIG, API_SERVER].map((path) => host.files.read(path)));
    const { result } = await perform({ ...site.context, desired });
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain(
      'kubeadm upgrade node: exit code: got 1, expected 0: error: etcd cluster',
    );
    expect(result.message).not.toContain('stack trace');
    expect(await Promise.all([KUBEADM, CONFIG, API_SERVER].map((path) => host.files.read(path)))).toEqual(
      before,
    );
    expect(await host.files.status(AUDIT)).toBeUndefined();
    expect(host.commands.at(-1)).toEqual(['systemctl', 'restart', 'kubelet']);
  });

  it('has all its manifests again when kubeadm was ended between two renames', async () => {
    host.answer(['systemctl', 'restart', 'kubelet'], { code: 1, stderr: 'Job failed' });
    host.answer(UPGRADE_NODE, async () => (await host.files.remove(API_SERVER), { code: 143 }));
    const before = await host.files.read(API_SERVER);
    expect((await perform(site.context)).result.outcome).toBe('failed');
    expect(await host.files.read(API_SERVER)).toEqual(before);
    expect(await host.files.read(KUBEADM)).not.toEqual(await host.files.read(STAGED));
  });

  it('goes forward only, once one of its static pods is another one', async () => {
    await site.upgrade('/etc/kubernetes/manifests/etcd.yaml');
    expect(await kubeadm.restoration?.(host, site.context)).toEqual([]);
    host.answer(['systemctl', 'restart', 'kubelet'], '');
    host.answer(UPGRADE_NODE, async () => (await site.upgrade(API_SERVER), { code: 1, stderr: 'timed out' }));
    expect((await perform(site.context)).result.message).toContain('it can only be done again');
    expect(await kubeadm.restoration?.(host, site.context)).toBe('forward');
    expect(await host.files.read(KUBEADM)).toEqual(await host.files.read(STAGED));
  });
});

describe('a worker', () => {
  beforeEach(async () => {
    await host.remove();
    site = await createKubeadmSite('worker');
    host = site.host;
  });

  it('is upgraded, and no control plane is asked', async () => {
    host.answer(UPGRADE_NODE, async () => (await site.upgrade(), ''));
    expect((await perform(site.context)).result.outcome).toBe('changed');
    expect(host.requests).toEqual([]);
  });

  it('gets all back, its kubelet configuration too, when kubeadm fails; kubeadm is not tried twice', async () => {
    host.answer(['systemctl', 'restart', 'kubelet'], '');
    host.answer(
      UPGRADE_NODE,
      async () => (await site.upgrade(), { code: 1, stderr: 'error: no API server' }),
    );
    const before = await Promise.all([KUBEADM, CONFIG].map((path) => host.files.read(path)));
    expect((await perform(site.context)).result.outcome).toBe('failed');
    expect(await Promise.all([KUBEADM, CONFIG].map((path) => host.files.read(path)))).toEqual(before);
    expect(host.commands.filter(([, word]) => word === 'upgrade')).toHaveLength(1);
  });

  it.each([
    ['is empty', ''],
    ['is no YAML', 'kind: [KubeletConfiguration'],
    ['is something else', 'kind: KubeProxyConfiguration'],
  ])('is not well when its kubelet configuration %s', async (_, content) => {
    await host.files.copy(STAGED, KUBEADM, { mode: 0o755 });
    await host.files.write(CONFIG, content, { mode: 0o644 });
    expect(await kubeadm.problems(host, site.context)).toEqual([
      `${CONFIG}: expected a KubeletConfiguration`,
    ]);
  });

  it('is not well with another kubeadm', async () => {
    expect(await kubeadm.problems(host, site.context)).toEqual([`kubeadm: got v1.33.13, expected ${TARGET}`]);
  });
});
