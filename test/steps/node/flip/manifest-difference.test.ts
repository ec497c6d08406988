import { describe, expect, it } from '@jest/globals';
import {
  describeDifference,
  manifestDifference,
} from '../../../../src/steps/node/flip/manifest-difference.ts';
import { manifestFields } from '../../../../src/steps/node/flip/manifest-fields.ts';
import { edited, NEW, OLD, recorded, type Pod } from './recorded.ts';

const API_SERVER = recorded(NEW, 'kube-apiserver');

function lines(from: Buffer, to: Buffer, name: 'etcd' | 'kube-apiserver' = 'kube-apiserver'): string[] {
  return manifestDifference(manifestFields(from, name), manifestFields(to, name)).map(describeDifference);
}
const afterEdit = (edit: (pod: Pod) => void): string[] => lines(API_SERVER, edited(API_SERVER, edit));

it('of two versions of etcd is what kubeadm has changed between them', () => {
  const probe = (name: string): string =>
    `spec.containers.etcd.${name}Probe.httpGet.port: got 2381, then "probe-port"`;
  expect(lines(recorded(OLD, 'etcd'), recorded(NEW, 'etcd'), 'etcd')).toEqual([
    '--experimental-initial-corrupt-check: got "true", then nothing',
    '--experimental-watch-progress-notify-interval: got "5s", then nothing',
    '--feature-gates: got nothing, then "InitialCorruptCheck=true"',
    '--watch-progress-notify-interval: got nothing, then "5s"',
    'image: got "registry.k8s.io/etcd:3.5.24-0", then "registry.k8s.io/etcd:3.6.5-0"',
    probe('liveness'),
    'spec.containers.etcd.ports.0.containerPort: got nothing, then 2381',
    'spec.containers.etcd.ports.0.name: got nothing, then "probe-port"',
    'spec.containers.etcd.ports.0.protocol: got nothing, then "TCP"',
    probe('readiness'),
    probe('startup'),
  ]);
});

describe('no difference is', () => {
  it.each<[string, (pod: Pod) => void]>([
    ['another way to write the same', () => undefined],
    ['a status', (pod) => Object.assign(pod, { status: { phase: 'Running' } })],
    ['what is null', (pod) => Object.assign(pod.metadata, { creationTimestamp: null })],
    ['another order of flags', ({ spec }) => void spec.containers[0].command.splice(1, 2)],
    ['another order of volumes', ({ spec }) => void spec.volumes.reverse()],
  ])('%s', (what, edit) => {
    const reordered = what === 'another order of flags';
    const found = afterEdit((pod) => {
      const [container] = pod.spec.containers;
      const moved = container.command.slice(1, 3);
      edit(pod);
      // As arguments they are flags, too.
      if (reordered) container['args'] = moved.reverse();
    });
    expect(found).toEqual([]);
  });
});

describe('a difference is', () => {
  it.each<[string, (pod: Pod) => void, string[]]>([
    [
      'another value of a flag',
      ({ spec }) => void spec.containers[0].command.push('--secure-port=443'),
      ['--secure-port: got "6443", then "6443" "443"'],
    ],
    [
      'an empty volume',
      ({ spec }) => void spec.volumes.push({ name: 'tmp', emptyDir: {} }),
      ['spec.volumes.tmp.emptyDir: got nothing, then {}', 'spec.volumes.tmp.name: got nothing, then "tmp"'],
    ],
    [
      'a second volume of a name',
      ({ spec }) => void spec.volumes.push({ name: 'k8s-certs' }),
      ['spec.volumes.k8s-certs.name#2: got nothing, then "k8s-certs"'],
    ],
    [
      'a word that is no flag',
      ({ spec }) => void spec.containers[0].command.push('sh'),
      ['command: got (hidden), then (hidden)'],
    ],
  ])('%s', (_, edit, expected) => {
    expect(afterEdit(edit)).toEqual(expected);
  });
});

describe('no value is shown of', () => {
  it.each<[string, (pod: Pod) => void]>([
    [
      'an environment',
      ({ spec }) => void (spec.containers[0]['env'] = [{ name: 'HTTPS_PROXY', value: 'hunter2' }]),
    ],
    ['an annotation', ({ metadata }) => void (metadata.annotations['site'] = 'hunter2')],
    [
      'a probe that runs something',
      ({ spec }) => void (spec.containers[0]['livenessProbe'] = { exec: { command: ['curl', 'hunter2'] } }),
    ],
    [
      'headers of a probe',
      ({ spec }) =>
        void (spec.containers[0]['readinessProbe'] = {
          httpGet: { httpHeaders: [{ name: 'Authorization', value: 'hunter2' }] },
        }),
    ],
    ['a hook', ({ spec }) => void (spec.containers[0]['lifecycle'] = { preStop: { exec: ['hunter2'] } })],
    [
      'another container',
      ({ spec }) => void spec.containers.push({ name: 'proxy', image: 'p:1', command: ['--key=hunter2'] }),
    ],
    ['a flag that holds one', ({ spec }) => void spec.containers[0].command.push('--a-token=hunter2')],
    ['a word of the command', ({ spec }) => void spec.containers[0].command.push('hunter2')],
  ])('%s', (_, edit) => {
    const found = afterEdit(edit).join('\n');
    expect(found).toContain('(hidden)');
    expect(found).not.toContain('hunter2');
  });
});

it('cuts what is long', () => {
  const [line = ''] = afterEdit(({ spec }) => void spec.containers[0].command.push(`--x=${'y'.repeat(500)}`));
  expect(line.length).toBeLessThan(200);
});

it.each(['[', 'kind: Service', 'kind: Pod\nspec: {containers: [{name: hunter2, image: i}]}'])(
  'no manifest is %j, and it is not quoted',
  (text) => {
    const read = () => manifestFields(Buffer.from(text), 'etcd');
    expect(read).toThrow('/etc/kubernetes/manifests/etcd.yaml: not a static pod of kubeadm');
    expect(read).not.toThrow('hunter2');
  },
);
