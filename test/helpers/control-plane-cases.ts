// Owners and their Machines' configurations at random, the same for the same seed: most differ in few fields.
import type { MachineSituation } from '../../src/api/external-desired.ts';
import { withLocalMode } from '../../src/api/control-plane-config.ts';
import { askOf, type Ask } from '../../src/api/external-owner.ts';
import { isObject, type JsonObject, type JsonValue } from '../../src/api/json.ts';
import { controlPlane, machineOf } from './external.ts';

export interface ControlPlaneCase {
  owner: JsonObject;
  ask: Ask;
  now: MachineSituation;
}

type Choice = JsonValue | undefined;

/** Each value is as likely as the others; undefined: the field is absent. */
const ARGS: readonly Choice[] = [undefined, [], [{ name: 'v', value: '2' }], [{ name: 'v', value: '3' }]];
const REGISTRATION: Readonly<Record<string, readonly Choice[]>> = {
  kubeletExtraArgs: ARGS,
  taints: [undefined, undefined, [], [{ key: 'a', effect: 'NoSchedule' }]],
  imagePullPolicy: [undefined, undefined, 'IfNotPresent', 'Always'],
  ignorePreflightErrors: [undefined, [], ['all']],
};
const TIMEOUTS: readonly Choice[] = [
  undefined,
  undefined,
  { controlPlaneComponentHealthCheckSeconds: 240 },
  { controlPlaneComponentHealthCheckSeconds: 5, discoverySeconds: 3 },
];
const ENDPOINT: readonly Choice[] = [undefined, undefined, { bindPort: 6443 }];
const SHARED: Readonly<Record<string, readonly Choice[]>> = {
  timeouts: TIMEOUTS,
  skipPhases: [undefined, undefined, [], ['addon/kube-proxy']],
  patches: [undefined, { directory: '/p' }],
};
const CLUSTER: Readonly<Record<string, readonly Choice[]>> = {
  apiServer: [undefined, { certSANs: ['a'] }, { extraArgs: [{ name: 'v', value: '2' }] }],
  etcd: [undefined, { local: { imageTag: '3.5.21-0' } }, { local: { extraEnvs: [] } }],
  featureGates: [undefined, { A: true }, { ControlPlaneKubeletLocalMode: false }],
  dns: [undefined, { imageTag: 'v1' }],
  imageRepository: [undefined, 'mirror'],
};
const OTHERS: Readonly<Record<string, readonly Choice[]>> = {
  files: [undefined, [], [{ path: '/a', content: 'b' }], [{ path: '/a', content: 'c' }]],
  format: [undefined, 'cloud-config', 'ignition'],
  verbosity: [undefined, 0, 5],
  ntp: [undefined, { servers: [] }, { servers: ['a'] }],
  users: [undefined, [], [{ name: 'u' }]],
  preKubeadmCommands: [undefined, [], ['x']],
};
const VERSIONS = ['v1.30.4', 'v1.33.7', 'v1.34.3', 'v1.36.0'];

export function controlPlaneCases(count: number, seed: number): ControlPlaneCase[] {
  const random = generator(seed);
  const likely = (share: number): boolean => random() < share;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const fields = (choices: Readonly<Record<string, readonly Choice[]>>): JsonObject =>
    present(Object.fromEntries(Object.entries(choices).map(([key, values]) => [key, pick(values)])));
  const registered = (own: Readonly<Record<string, readonly Choice[]>>): JsonObject =>
    present({ ...fields({ ...SHARED, ...own }), nodeRegistration: fields(REGISTRATION) });

  function spec(): JsonObject {
    return present({
      clusterConfiguration: fields(CLUSTER),
      initConfiguration: registered({
        localAPIEndpoint: ENDPOINT,
        bootstrapTokens: [undefined, [{ token: 'abcdef.0123456789abcdef' }]],
      }),
      joinConfiguration: registered({ caCertPath: [undefined, '/ca'] }),
      ...fields(OTHERS),
    });
  }

  /** A copy in which some fields, on any level, are those of another. */
  function mixed(before: JsonObject, other: JsonObject): JsonObject {
    const keys = new Set([...Object.keys(before), ...Object.keys(other)]);
    const entries = [...keys].map((key): [string, Choice] => {
      const [ours, theirs] = [before[key], other[key]];
      if (isObject(ours) && isObject(theirs)) return [key, mixed(ours, theirs)];
      return [key, likely(0.07) ? theirs : ours];
    });
    return present(Object.fromEntries(entries));
  }

  /** As the bootstrap provider leaves it, of the first Machine or one that joined. */
  function config(asked: JsonObject, version: string): JsonObject {
    const own = mixed(likely(0.8) ? withLocalMode(asked, version) : asked, spec());
    const { initConfiguration, joinConfiguration, clusterConfiguration, ...others } = own;
    const filled = isObject(clusterConfiguration)
      ? { ...clusterConfiguration, controlPlaneEndpoint: 'api:6443' }
      : undefined;
    const join = isObject(joinConfiguration) ? joinConfiguration : {};
    const variant: JsonObject = likely(0.5)
      ? present({
          initConfiguration,
          joinConfiguration: pick([
            undefined,
            { timeouts: { controlPlaneComponentHealthCheckSeconds: 240 } },
          ]),
        })
      : {
          joinConfiguration: {
            controlPlane: {},
            discovery: { bootstrapToken: { token: 'abcdef.0123456789abcdef' } },
            ...join,
          },
        };
    return present({ ...others, clusterConfiguration: filled, ...variant });
  }

  return Array.from({ length: count }, () => {
    const [asked, version] = [spec(), pick(VERSIONS)];
    const owner = controlPlane(['/spec/version', version], ['/spec/kubeadmConfigSpec', asked]);
    const now = machineOf(
      'KubeadmControlPlane',
      'cp-a',
      ['/machine/spec/version', version],
      ['/bootstrapConfig/spec', config(asked, version)],
    );
    return { owner, ask: askOf(owner), now };
  });
}

/** The API has no objects without fields. */
function present(object: Readonly<Record<string, Choice>>): JsonObject {
  const isThere = (entry: [string, Choice]): entry is [string, JsonValue] =>
    entry[1] !== undefined && !(isObject(entry[1]) && Object.keys(entry[1]).length === 0);
  return Object.fromEntries(Object.entries(object).filter(isThere));
}

/** Numbers from 0 to 1, without a pattern that fields drawn one after the other would show (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
