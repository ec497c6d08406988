import { symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../../src/api/errors.ts';
import { performStep } from '../../../../src/steps/host/perform-step.ts';
import { readDecision, type FlipDecision } from '../../../../src/steps/node/flip/decision.ts';
import { writeIntent } from '../../../../src/steps/node/flip/flip.ts';
import { decisionFile, intentFile, renderedFile } from '../../../../src/steps/node/flip/flip-folder.ts';
import { planFlip } from '../../../../src/steps/node/flip/plan-flip.ts';
import { kubeadm } from '../../../../src/steps/node/kubeadm.ts';
import { inspectLayout } from '../../../../src/steps/node/layout.ts';
import type { Action } from '../../../../src/steps/node/node-step.ts';
import { manifestFile, STATIC_PODS } from '../../../../src/steps/node/static-pods.ts';
import { until } from '../../../helpers/until.ts';
import { answerEtcd, ETCD_URL, OWN_MEMBER } from '../etcd-answers.ts';
import type { TestHost } from '../host-tree.ts';
import { createKubeadmSite, TARGET, UPGRADE_NODE, type KubeadmSite } from '../kubeadm-site.ts';
import { help } from '../kubelet-host.ts';
import { runStaticPod } from '../pod-processes.ts';
import { NODE_ADDRESS } from '../tree-content.ts';
import { digest } from '../release.ts';
import { makeFlip, manifestOf } from './flip-site.ts';
import { CONTAINERD, LAYERS, mountinfo } from './layers.ts';

const STAGED_KUBELET = '/var/lib/refit/stage/r1/kubernetes/kubelet';
const CTR = ['/usr/local/bin/ctr', '-n', 'k8s.io', 'images', 'ls', '-q'];
const IMAGES = [
  'registry.k8s.io/etcd:3.6.8-0',
  ...['apiserver', 'controller-manager', 'scheduler'].map((name) => `registry.k8s.io/kube-${name}:${TARGET}`),
];
/** In the container of the etcd that runs; up to 3.5 the other one can do the same. */
const [ETCDUTL, ETCDCTL] = ['etcdutl', 'etcdctl'].map(
  (name) => `/proc/500/root/usr/local/bin/${name}` as const,
) as [string, string];
const RESTORES = '--bump-revision --mark-compacted --skip-hash-check';
const withLogElsewhere = manifestOf('etcd', 'old').replace(/( *- )--name=/, '$1--wal-dir=/wal\n$&');
const OTHER_MEMBER = { name: 'node-2', clientURL: 'https://172.30.0.12:2379' };
const FLIP = 'flip the control plane: static pods and kubelet at once';

let site: KubeadmSite;
let host: TestHost;
beforeEach(async () => {
  site = await createKubeadmSite('control-plane');
  host = site.host;
  host.answer(CTR, IMAGES.join('\n'));
  host.answer([STAGED_KUBELET, '--help'], help('pod-infra-container-image'));
  await decide();
  for (const [index, pod] of STATIC_PODS.entries()) {
    await host.files.write(rendered(pod), manifestOf(pod, 'new'), { mode: 0o600 });
    await runStaticPod(host, pod, { pid: 500 + index, secondsAgo: 60 });
  }
  await putProgram(ETCDUTL, RESTORES);
});
afterEach(() => host.remove());

const operation = (): string => site.context.plan.operation;
const rendered = (pod: (typeof STATIC_PODS)[number]): string => renderedFile(operation(), pod);

async function decide(change: Partial<FlipDecision> = {}): Promise<void> {
  const manifests = STATIC_PODS.map((pod) => [
    pod,
    { sha256: digest(manifestOf(pod, 'new')), fromSha256: digest(manifestOf(pod, 'old')) },
  ]);
  const decision = {
    ...{ version: 1, method: 'flip', reasons: [], etcdMinorChanges: true },
    manifests: Object.fromEntries(manifests) as FlipDecision['manifests'],
    ...change,
  };
  await host.files.write(decisionFile(operation()), JSON.stringify(decision), { mode: 0o600 });
}

async function putProgram(path: string, flags: string): Promise<void> {
  await host.files.write(path, path, { mode: 0o755 });
  host.answer([path, 'snapshot', 'restore', '--help'], flags);
}

function shape(action: Action): string {
  if (action.do === 'install') return action.to;
  if (action.do === 'work') return action.what;
  return action.do === 'run' ? action.argv.join(' ') : action.path;
}

describe('a control plane that is to be flipped', () => {
  it('is made ready for the new kubelet, flipped, and then upgraded by kubeadm', async () => {
    const { actions, refusals } = await kubeadm.prepare(host, site.context);
    expect(refusals).toEqual([]);
    expect(actions.map(shape)).toEqual([
      '/usr/bin/kubeadm',
      'keep what kubeadm will rewrite',
      '/etc/kubernetes/kubelet.conf',
      'systemctl daemon-reload',
      FLIP,
      'kubeadm upgrade node',
    ]);
  });

  it.each<[string, () => unknown, string]>([
    [
      'stage decided so',
      () => decide({ method: 'kubeadm', reasons: ['etcd.yaml: hand-edited'] }),
      'etcd.yaml: hand-edited',
    ],
    [
      'a manifest was edited since',
      () => host.files.write(manifestFile('etcd'), `${manifestOf('etcd', 'old')}# mine\n`, { mode: 0o600 }),
      '/etc/kubernetes/manifests/etcd.yaml: got sha256',
    ],
    [
      'a rendered manifest is gone',
      () => host.files.remove(rendered('kube-scheduler')),
      'kube-scheduler.yaml: got nothing',
    ],
    [
      'an image is missing',
      () => host.answer(CTR, IMAGES.slice(1).join('\n')),
      'image registry.k8s.io/etcd:3.6.8-0: got nothing',
    ],
    [
      'a static pod does not run as its manifest says',
      () => host.files.remove('/proc/500'),
      'etcd: got no process',
    ],
    [
      'a member is not healthy',
      () => answerEtcd(host, { members: [{ ...OWN_MEMBER, state: 'unhealthy' }] }),
      'etcd member node-1: got unhealthy',
    ],
    [
      'there is no room',
      () => host.files.spaces.set('/var/lib/refit', { freeBytes: 10, freeInodes: 9 }),
      '/flip: got 0.00 GiB free, expected',
    ],
    [
      "the staged kubelet is not the release's",
      () => host.files.write(STAGED_KUBELET, 'kubelet v6', { mode: 0o755 }),
      'kubernetes/kubelet: got sha256',
    ],
    [
      'the new kubelet does not know a flag',
      () => host.answer([STAGED_KUBELET, '--help'], help('x')),
      'got --pod-infra-container-image',
    ],
    [
      "etcd's image has no program that restores data",
      () => host.files.remove(ETCDUTL),
      "etcd's image: /usr/local/bin/etcdutl: got none; /usr/local/bin/etcdctl: got none; expected one that",
    ],
    [
      "the program in etcd's image cannot raise revisions",
      () => putProgram(ETCDUTL, '--skip-hash-check'),
      '/usr/local/bin/etcdutl: got no --bump-revision, --mark-compacted;',
    ],
    [
      "the program in etcd's image is a link",
      async () => {
        await host.files.remove(ETCDUTL);
        symlinkSync('etcd', `${host.root}${ETCDUTL}`);
      },
      '/usr/local/bin/etcdutl: got none;',
    ],
    [
      'etcd keeps its log elsewhere',
      () => host.files.write(manifestFile('etcd'), withLogElsewhere, { mode: 0o600 }),
      'etcd: got --wal-dir=/wal, expected none',
    ],
    [
      'another flip is half done',
      () => host.files.write(intentFile('machine-1-0'), '{}', { mode: 0o600 }),
      'machine-1-0/flip/intent.json: got a flip that is half done',
    ],
    [
      'the step has too little time',
      () => void site.context.plan.steps.push({ name: 'kubeadm', timeoutSeconds: 600 }),
      'timeouts.kubeadm: got 600 s, expected 1200 at least',
    ],
  ])('is moved by kubeadm, which says why, when %s', async (_name, change, reason) => {
    await change();
    const { actions, notes } = await kubeadm.prepare(host, site.context);
    expect(actions.map(shape)).not.toContain(FLIP);
    expect(actions.map(shape)).toContain('kubeadm upgrade node');
    expect(notes[0]).toMatch(/^control plane: moved by kubeadm, not flipped: /);
    expect(notes[0]).toContain(reason);
  });

  it('is flipped when its static pods are only starting, as after a power loss', async () => {
    const refused = () => {
      throw new StatusError('ECONNREFUSED', { reason: 'Unavailable' });
    };
    let looks = 0;
    host.respond(ETCD_URL, refused);
    host.respond(`https://${NODE_ADDRESS}:6443/readyz`, () => {
      looks += 1;
      if (looks < 5) return refused();
      answerEtcd(host);
      return { body: 'ok' };
    });
    const preparing = kubeadm.prepare(host, site.context);
    await until(async () => (await host.clock.advance(0.05), looks >= 5));
    const { actions } = await preparing;
    expect(actions.map(shape)).toContain(FLIP);
    expect(looks).toBe(5);
  });

  it('is refused when a new program rejects its flags: kubeadm would stop the old one for them, too', async () => {
    const program = `${LAYERS}/8/fs/usr/local/bin/kube-apiserver`;
    await host.files.write('/proc/501/mountinfo', mountinfo(CONTAINERD), { mode: 0o444 });
    await host.files.write(program, program, { mode: 0o755 });
    host.answer([program], { code: 1, stderr: 'Error: unknown flag: --old\n' });
    host.answer([program, '--version'], `Kubernetes ${TARGET}\n`);
    const { refusals, actions } = await kubeadm.prepare(host, site.context);
    expect(actions.map(shape)).not.toContain(FLIP);
    expect(refusals).toEqual([expect.stringContaining(`kube-apiserver ${TARGET}: got unknown flag: --old`)]);
  });

  it("takes etcdctl where etcd's image has no etcdutl", async () => {
    await host.files.remove(ETCDUTL);
    await putProgram(ETCDCTL, RESTORES);
    expect((await kubeadm.prepare(host, site.context)).actions.map(shape)).toContain(FLIP);
  });

  it('copies no data of one of several members', async () => {
    answerEtcd(host, {
      members: [OWN_MEMBER, OTHER_MEMBER, { name: 'node-3', clientURL: 'https://172.30.0.13:2379' }],
    });
    host.files.spaces.set('/var/lib/refit', { freeBytes: 500, freeInodes: 9 });
    await host.files.write('/var/lib/etcd/member/snap/db', 'x'.repeat(1000), { mode: 0o600 });
    expect((await kubeadm.prepare(host, site.context)).actions.map(shape)).toContain(FLIP);
  });

  it.each([
    ['waits for no other API server where there is none', [OWN_MEMBER], false],
    ['does not wait so long for the end of one of several API servers', [OWN_MEMBER, OTHER_MEMBER], true],
  ])('%s', async (_name, members, isSaid) => {
    answerEtcd(host, { members });
    const manifest = manifestOf('kube-apiserver', 'old');
    const delayed = manifest.replace(/( *- )--secure-port=/, '$1--shutdown-delay-duration=1m\n$&');
    await host.files.write(manifestFile('kube-apiserver'), delayed, { mode: 0o600 });
    const { notes } = await kubeadm.prepare(host, site.context);
    expect(notes[0]?.includes('--shutdown-delay-duration: got 1m, expected a duration')).toBe(isSaid);
  });

  it.each([
    ['the only one', [OWN_MEMBER], true, false],
    ['one of several', [OWN_MEMBER, OTHER_MEMBER], true, true],
    ['one of several without kube-vip', [OWN_MEMBER, OTHER_MEMBER], false, false],
  ])('hands its address over where another one can take it: %s', async (_, members, hasKubeVip, expected) => {
    answerEtcd(host, { members });
    const pod = manifestOf('kube-scheduler', 'old').replaceAll('kube-scheduler', 'kube-vip');
    if (hasKubeVip) await host.files.write(manifestFile('kube-vip'), pod, { mode: 0o600 });
    const decision = (await readDecision(host, operation())) as FlipDecision;
    const { flip } = await planFlip(host, site.context, await inspectLayout(host), decision);
    expect(flip?.handsOverAddress).toBe(expected);
  });

  it('is not flipped without a decision, and nothing is said of it', async () => {
    await host.files.remove(decisionFile(operation()));
    const { actions, notes } = await kubeadm.prepare(host, site.context);
    expect([actions.map(shape).includes(FLIP), notes.some((note) => note.includes('flip'))]).toEqual([
      false,
      false,
    ]);
  });

  it('is taken up once it has begun, whatever the node looks like, and ended before the step is taken back', async () => {
    const ran: string[] = [];
    for (const verb of ['show', 'reset-failed', 'start'])
      host.answer(['systemctl', verb, 'kubelet.service'], (argv) => (ran.push(argv.join(' ')), ''));
    host.answer(CTR, '');
    const flip = { ...makeFlip(), operation: operation() };
    await writeIntent(host, { version: 1, direction: 'forward', at: '2026-01-01T00:00:00Z', flip });
    const { actions } = await kubeadm.prepare(host, site.context);
    expect(actions.map(shape).slice(-2)).toEqual([FLIP, 'kubeadm upgrade node']);
    expect(await kubeadm.restoration?.(host, site.context)).toEqual([]);
    expect(await host.files.status(intentFile(operation()))).toBeUndefined();
    expect(ran.at(-1)).toBe('systemctl start kubelet.service');
  });

  it('is as before when the flip does not begin, and kubeadm is not run', async () => {
    host.answer(['systemctl', 'daemon-reload'], '');
    host.answer(['systemctl', 'restart', 'kubelet'], '');
    host.answer(['/usr/bin/kubeadm', 'certs', 'renew', 'all'], { code: 1, stderr: 'no space left' });
    const { result } = await performStep(kubeadm, host, site.context, { timeoutSeconds: 1800 });
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain('kubeadm certs renew all: exit code: got 1, expected 0: no space left');
    expect(result.message).toContain('restored: ');
    expect(host.commands.some((argv) => UPGRADE_NODE.every((word, index) => argv[index] === word))).toBe(
      false,
    );
    expect(String(await host.files.read(manifestFile('etcd')))).toBe(manifestOf('etcd', 'old'));
  });
});
