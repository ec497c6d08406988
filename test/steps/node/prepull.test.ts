import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DesiredConfiguration } from '../../../src/api/desired-configuration.ts';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { targetConfiguration, workerImages } from '../../../src/steps/node/kubeadm-images.ts';
import type { StagedComponents, StepContext } from '../../../src/steps/node/node-step.ts';
import { prepull } from '../../../src/steps/node/prepull.ts';
import { until } from '../../helpers/until.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor } from './release.ts';

const KUBEADM = '/proc/77/root/opt/refit/components/kubernetes/kubeadm';
const CRICTL = '/usr/local/bin/crictl';
const CTR = '/usr/local/bin/ctr';
const COMPONENTS: StagedComponents = {
  version: 1,
  architecture: 'amd64',
  kubernetes: 'v1.34.4',
  files: [],
  folder: '/proc/77/root/opt/refit/components',
};
/** What kubeadm v1.34.4 printed. */
const imagesOf = (repository: string, etcd = '3.6.5-0'): string[] => [
  `${repository}/kube-apiserver:v1.34.4`,
  `${repository}/kube-controller-manager:v1.34.4`,
  `${repository}/kube-scheduler:v1.34.4`,
  `${repository}/kube-proxy:v1.34.4`,
  `${repository}/coredns:v1.12.1`,
  `${repository}/pause:3.10.1`,
  `${repository}/etcd:${etcd}`,
];
const CONFIGURATION = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.33.13
imageRepository: registry.site/k8s
etcd: {local: {imageTag: 3.6.5-1}}
`;
const DESIRED: DesiredConfiguration = {
  version: 1,
  files: [],
  kubeletExtraArgs: [],
  ignorePreflightErrors: [],
  certSANs: [],
  clusterConfiguration: CONFIGURATION,
};

let host: TestHost;
/** In the runtime. */
let present: Set<string>;
/** That no registry has. */
let unknown: Set<string>;

async function site(role: 'control-plane' | 'worker', runtimeProgram: 'crictl' | 'ctr'): Promise<void> {
  host = await createTestHost({ role });
  [present, unknown] = [new Set(), new Set()];
  if (runtimeProgram === 'crictl') await host.files.write(CRICTL, 'crictl', { mode: 0o755 });
  host.answer([CRICTL, 'images', '-o', 'json'], () =>
    JSON.stringify({
      images: [
        { id: 'sha256:1', repoTags: [...present] },
        { id: 'sha256:2', repoTags: [] },
      ],
    }),
  );
  host.answer([CRICTL, 'pull'], ([, , image = '']) => pull([image]));
  host.answer([CTR, '-n', 'k8s.io', 'images', 'ls', '-q'], () => [...present, 'sha256:1', ''].join('\n'));
  host.answer([KUBEADM, 'config', 'images'], async (argv) => {
    const flag = (name: string): string | undefined =>
      argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
    const file = flag('config');
    const text = file === undefined ? '' : String(await host.files.read(file));
    const status = file === undefined ? undefined : await host.files.status(file);
    if (file !== undefined && (status?.mode !== 0o600 || !text.includes('kubernetesVersion: v1.34.4\n'))) {
      return { code: 1, stderr: `error: bad config ${text}` };
    }
    const repository =
      /^imageRepository: (\S+)$/m.exec(text)?.[1] ?? flag('image-repository') ?? 'registry.k8s.io';
    const list = imagesOf(repository, /imageTag: (\S+)$/m.exec(text)?.[1]);
    if (argv[3] === 'pull') return pull(list);
    return {
      stdout: `${list.join('\n')}\n`,
      stderr: 'W1121 14:41:45.9 662 common.go:100] a deprecated API spec\n',
    };
  });
}

function pull(images: string[]): { code: number; stderr: string } {
  const bad = images.find((image) => unknown.has(image));
  for (const image of images) if (!unknown.has(image)) present.add(image);
  const stderr = `error: failed to pull image "${bad}"\nTo see the stack trace of this error execute with --v=5 or higher\n`;
  return bad === undefined ? { code: 0, stderr: '' } : { code: 1, stderr };
}

const context = (role: 'control-plane' | 'worker', desired?: DesiredConfiguration): StepContext => ({
  ...contextFor(COMPONENTS, { role }),
  desired,
});
const perform = (given: StepContext, timeoutSeconds = 900) =>
  performStep(prepull, host, given, { timeoutSeconds });
const commands = (...prefix: string[]): string[] =>
  host.commands.map((words) => words.join(' ')).filter((line) => line.startsWith(prefix.join(' ')));

afterEach(() => host.remove());

describe('on a control-plane node', () => {
  beforeEach(() => site('control-plane', 'crictl'));
  const wanted = imagesOf('registry.site/k8s', '3.6.5-1').sort();

  it("images are those of the cluster's configuration at the target version; the missing ones are pulled", async () => {
    present.add('registry.site/k8s/pause:3.10.1').add('registry.site/k8s/etcd:3.6.5-1');
    const { result } = await perform(context('control-plane', DESIRED));
    const pulled = wanted.filter((image) => !/pause|etcd/.test(image));
    expect(result).toMatchObject({
      outcome: 'changed',
      changes: pulled.map((image) => ({ what: `image ${image}` })),
    });
    expect(commands(CRICTL, 'pull')).toEqual(pulled.map((image) => `${CRICTL} pull ${image}`));
    expect(await prepull.problems(host, context('control-plane', DESIRED))).toEqual([]);
    expect(await host.files.list('/var/lib/refit/machine-1-1')).not.toContain('images-list.yaml');
  });

  it('nothing is pulled where all of them are, with no registry', async () => {
    for (const image of wanted) present.add(image);
    expect((await perform(context('control-plane', DESIRED))).result).toMatchObject({
      outcome: 'unchanged',
      changes: [],
    });
    expect(commands(CRICTL, 'pull')).toEqual([]);
  });

  it('images are those of the repository that is used, when there is no configuration', async () => {
    const { actions } = await prepull.prepare(host, context('control-plane'));
    expect(actions).toHaveLength(7);
    expect(commands(KUBEADM)).toEqual([
      `${KUBEADM} config images list --kubernetes-version=v1.34.4 --image-repository=registry.k8s.io`,
    ]);
  });

  it('a pull that fails names the image', async () => {
    unknown.add('registry.site/k8s/kube-scheduler:v1.34.4');
    const { result } = await perform(context('control-plane', DESIRED));
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain(
      `${CRICTL} pull registry.site/k8s/kube-scheduler:v1.34.4: exit code: got 1`,
    );
  });

  it('a pull that brings nothing is not believed', async () => {
    host.answer([CRICTL, 'pull'], '');
    const done = perform(context('control-plane', DESIRED), 1);
    await until(() => host.lines.some((line) => line.includes('waiting: image')), 'waiting');
    await host.clock.advance(1);
    const { result } = await done;
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain(
      'image registry.site/k8s/coredns:v1.12.1: got nothing, expected it in the container runtime',
    );
  });

  it.each([
    [
      'kubeadm refuses',
      { code: 1, stderr: 'error: featureGates: Nope\nTo see the stack trace\n' },
      'error: featureGates: Nope',
    ],
    ['kubeadm names none', { stdout: 'nothing here\n' }, 'got no images for this node'],
  ])('it fails when %s, and leaves no file', async (_, answer, message) => {
    host.answer([KUBEADM, 'config', 'images', 'list'], answer);
    const { result } = await perform(context('control-plane', DESIRED));
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain(message);
    expect(await host.files.list('/var/lib/refit/machine-1-1')).not.toContain('images-list.yaml');
  });

  it('it is refused without the binaries of the release', async () => {
    const { result } = await perform({ ...contextFor(undefined), desired: DESIRED });
    expect(result).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('release r1: got no binaries'),
    });
  });
});

describe('on a worker', () => {
  beforeEach(() => site('worker', 'crictl'));

  it("only kube-proxy and pause are wanted, from where this node's kube-proxy came", async () => {
    present.add('registry.k8s.io/pause:3.10').add('registry.site/k8s/kube-proxy:v1.33.13');
    expect((await perform(context('worker'))).result.outcome).toBe('changed');
    expect(commands(CRICTL, 'pull')).toEqual([
      `${CRICTL} pull registry.site/k8s/kube-proxy:v1.34.4`,
      `${CRICTL} pull registry.site/k8s/pause:3.10.1`,
    ]);
  });

  it('kube-proxy is not wanted where something else does its work', async () => {
    present.add('registry.k8s.io/pause:3.10').add('quay.io/cilium/cilium:v1.17.0');
    await perform(context('worker'));
    expect(commands(CRICTL, 'pull')).toEqual([`${CRICTL} pull registry.k8s.io/pause:3.10.1`]);
  });
});

describe('on a host without crictl', () => {
  beforeEach(() => site('control-plane', 'ctr'));

  it('kubeadm pulls, and containerd is asked what is there', async () => {
    const { result } = await perform(context('control-plane', DESIRED));
    expect(result).toMatchObject({
      outcome: 'changed',
      message: expect.stringContaining(
        'note: no crictl on this host: kubeadm pulls all images that it knows',
      ),
    });
    expect(commands(KUBEADM, 'config images pull')).toHaveLength(1);
    expect(await host.files.list('/var/lib/refit/machine-1-1')).not.toContain('images-pull.yaml');
    expect((await perform(context('control-plane', DESIRED))).result.outcome).toBe('unchanged');
    expect(commands(KUBEADM, 'config images pull')).toHaveLength(1);
  });

  it('what kubeadm cannot pull is named', async () => {
    unknown.add('registry.site/k8s/etcd:3.6.5-1');
    const { result } = await perform(context('control-plane', DESIRED));
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain('failed to pull image "registry.site/k8s/etcd:3.6.5-1"');
  });
});

describe('the configuration for kubeadm', () => {
  it('is that of the cluster with the target version', () => {
    expect(targetConfiguration(CONFIGURATION, 'v1.34.4')).toContain('imageRepository: registry.site/k8s\n');
    expect(targetConfiguration('kind: ClusterConfiguration', 'v1.34.4')).toBe(
      'kind: ClusterConfiguration\nkubernetesVersion: v1.34.4\n',
    );
  });

  it.each(['[', 'text', '', '- a list'])('cannot be made of %j', (text) => {
    expect(() => targetConfiguration(text, 'v1.34.4')).toThrow('expected a ClusterConfiguration');
  });
});

it.each([
  [['registry.k8s.io/kube-proxy:v1.33.1'], ['kube-proxy', 'pause']],
  [['registry.k8s.io/pause:3.10'], ['pause']],
])('a worker with %j needs %j', (images, expected) => {
  expect(workerImages(new Set(images))).toEqual(expected);
});
