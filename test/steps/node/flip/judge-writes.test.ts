import { describe, expect, it } from '@jest/globals';
import { lostKinds } from '../../../../src/steps/node/flip/judge-writes.ts';
import type { KeyWrite } from '../../../../src/steps/node/flip/key-writes.ts';

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];

/** Length-delimited. */
const field = (number: number, content: Buffer | string): Buffer =>
  Buffer.concat([
    Buffer.from([...varint((number << 3) | 2), ...varint(content.length)]),
    Buffer.from(content),
  ]);

interface Stored {
  version?: string;
  label?: string;
  spec?: string;
  status?: string;
}

/** As the API server stores it: k8s\0, then an envelope of kind and object. */
function node({ version = '1', label = 'a', spec = '10.0.0.0/24', status = 'Ready' }: Stored = {}): Buffer {
  const labels = field(11, Buffer.concat([field(1, 'zone'), field(2, label)]));
  const generation = Buffer.from([7 << 3, 1]);
  const metadata = Buffer.concat([
    field(1, 'cp-1'),
    field(6, version),
    generation,
    labels,
    field(17, `by ${version}`),
  ]);
  const object = Buffer.concat([field(1, metadata), field(2, field(1, spec)), field(3, status)]);
  return Buffer.concat([Buffer.from('k8s\0'), field(1, field(2, 'Node')), field(2, object)]);
}

const write = (key: string, before?: Buffer, after: Buffer | undefined = Buffer.from('x')): KeyWrite => ({
  key,
  before,
  after,
});
const NODE = '/registry/minions/cp-1';

describe('what is lost when data go back', () => {
  it('is nothing of leases, events, and what API servers note for themselves', () => {
    const keys = [
      '/registry/leases/kube-system/kube-scheduler',
      '/registry/leases/kube-node-lease/cp-1',
      '/registry/events/default/pod.1',
      '/registry/masterleases/10.0.0.1',
      'compact_rev_key',
    ];
    expect(lostKinds(keys.map((key) => write(key)))).toEqual([]);
  });

  it('is told by kinds and numbers, never by names', () => {
    const keys = [
      '/registry/secrets/default/password-of-bob',
      '/registry/secrets/default/b',
      '/registry/apps.example.org/widgets/default/w',
      '/registry/leases-of-mine/x',
      '/other/registry/leases/x',
    ];
    expect(lostKinds(keys.map((key) => write(key)))).toEqual([
      'leases-of-mine (1)',
      'other keys (1)',
      'secrets (2)',
      'widgets.apps.example.org (1)',
    ]);
  });

  it('counts deletions', () => {
    expect(
      lostKinds([{ key: '/registry/pods/default/a', before: Buffer.from('x'), after: undefined }]),
    ).toEqual(['pods (1)']);
  });

  it.each<[string, Buffer | undefined, Buffer | undefined, string[]]>([
    ['a new status', node(), node({ version: '2', status: 'NotReady' }), []],
    ['a cordon', node(), node({ version: '2', spec: '10.0.0.0/24 unschedulable' }), ['nodes (1)']],
    ['a label', node(), node({ version: '2', label: 'b' }), ['nodes (1)']],
    ['a new Node', undefined, node(), ['nodes (1)']],
    ['a deleted Node', node(), undefined, ['nodes (1)']],
    ['a Node as JSON', Buffer.from('{"kind":"Node"}'), Buffer.from('{"kind":"Node"}'), ['nodes (1)']],
    [
      'an encrypted Node',
      Buffer.from('k8s:enc:aescbc:v1:key1:1'),
      Buffer.from('k8s:enc:aescbc:v1:key1:2'),
      ['nodes (1)'],
    ],
    ['a Node that was cut', node(), node({ status: 'x' }).subarray(0, -3), ['nodes (1)']],
  ])('of Nodes all but status: %s', (_name, before, after, expected) => {
    expect(lostKinds([{ key: NODE, before, after }])).toEqual(expected);
  });
});
