import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import {
  apiServerUrl,
  localApiServer,
  manifestFile,
  parseStaticPod,
  readStaticPod,
} from '../../../src/steps/node/static-pods.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { NODE_ADDRESS } from './tree-content.ts';

let host: TestHost | undefined;
afterEach(() => host?.remove());

const manifest = (container: object, spec: object = {}): Buffer =>
  Buffer.from(
    stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { containers: [{ name: 'etcd', image: 'r/etcd:3.6.5-0', ...container }], ...spec },
    }),
  );

describe('a static pod', () => {
  it('of a control-plane node is read from its manifest', async () => {
    host = await createTestHost({ role: 'control-plane', kubernetes: 'v1.34.3' });
    const pod = await readStaticPod(host, 'kube-apiserver');
    expect(pod).toMatchObject({
      image: 'registry.k8s.io/kube-apiserver:v1.34.3',
      tag: 'v1.34.3',
      hostPaths: ['/etc/kubernetes/pki'],
      sha256: createHash('sha256')
        .update((await host.files.read(manifestFile('kube-apiserver'))) ?? '')
        .digest('hex'),
    });
    expect(pod?.flags.get('etcd-servers')).toBe('https://127.0.0.1:2379');
  });

  it('is absent on a worker', async () => {
    host = await createTestHost({ role: 'worker' });
    expect(await readStaticPod(host, 'kube-apiserver')).toBeUndefined();
    expect(await localApiServer(host)).toBeUndefined();
  });

  it.each<[string, string[], string[], Record<string, string>]>([
    [
      'are those of command and args',
      ['etcd', '--name=a'],
      ['--data-dir=/d'],
      { name: 'a', 'data-dir': '/d' },
    ],
    [
      'keep what follows the first equals sign',
      ['--initial-cluster=a=https://a:2380'],
      [],
      { 'initial-cluster': 'a=https://a:2380' },
    ],
    ['without a value are true', ['--force-new-cluster'], [], { 'force-new-cluster': 'true' }],
    ['that come twice have the last value', ['--name=a', '--name=b'], [], { name: 'b' }],
    ['may be empty', ['--name='], [], { name: '' }],
    ['may have lines', ['--name=a\nb'], [], { name: 'a\nb' }],
    ['are no other words', ['etcd', '-v', 'x'], [], {}],
  ])('has flags that %s', (_, command, args, expected) => {
    const { flags } = parseStaticPod(manifest({ command, args }), 'etcd');
    expect(Object.fromEntries(flags)).toEqual(expected);
  });

  it('is its own container, whatever a patch put beside it', () => {
    const beside = { name: 'proxy', image: 'r/proxy:1' };
    const own = { name: 'etcd', image: 'r/etcd:2' };
    expect(parseStaticPod(manifest({}, { containers: [beside, own] }), 'etcd').image).toBe('r/etcd:2');
  });

  it('names the host paths of its volumes only', () => {
    const volumes = [
      { name: 'b', hostPath: { path: '/var/lib/etcd', type: 'DirectoryOrCreate' } },
      { name: 'c', emptyDir: {} },
      { name: 'a', hostPath: { path: '/etc/kubernetes/pki/etcd' } },
    ];
    expect(parseStaticPod(manifest({}, { volumes }), 'etcd').hostPaths).toEqual([
      '/etc/kubernetes/pki/etcd',
      '/var/lib/etcd',
    ]);
  });

  it.each([
    ['no YAML', 'a: [top-secret', 'no valid yaml'],
    ['empty', '', 'expected object'],
    ['another kind', 'kind: top-secret', 'kind: Invalid input: expected "Pod"'],
    ['without containers', 'kind: Pod\nspec: {containers: []}', 'spec.containers'],
    [
      'of another component',
      'kind: Pod\nspec: {containers: [{name: top-secret, image: i}]}',
      'no container etcd',
    ],
  ])('that is %s is refused without showing what is in it', (_, text, expected) => {
    const parsed = (): unknown => parseStaticPod(Buffer.from(text), 'etcd');
    expect(parsed).toThrow(`/etc/kubernetes/manifests/etcd.yaml: not a static pod of kubeadm: `);
    expect(parsed).toThrow(expected);
    expect(parsed).not.toThrow('top-secret');
  });
});

describe('the local API server', () => {
  it('is at its advertised address', async () => {
    host = await createTestHost({ role: 'control-plane' });
    expect(await localApiServer(host)).toBe(`https://${NODE_ADDRESS}:6443`);
  });

  it.each([
    [['--advertise-address=10.0.0.5', '--secure-port=8443'], 'https://10.0.0.5:8443'],
    [['--advertise-address=fd00::5'], 'https://[fd00::5]:6443'],
  ])('with %j is %s', (command, expected) => {
    expect(apiServerUrl(parseStaticPod(manifest({ command }), 'etcd'))).toBe(expected);
  });

  it('without an advertised address cannot be told', () => {
    expect(() => apiServerUrl(parseStaticPod(manifest({}), 'etcd'))).toThrow('got no --advertise-address');
  });
});
