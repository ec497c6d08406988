// What is known to go wrong on the way from one version to another.
import semver from 'semver';
import { parseVersion } from '../../api/version.ts';
import type { EtcdMember, NoEtcd } from './etcd.ts';
import { note, refusal, type Finding } from './findings.ts';
import { KUBELET_FLAGS_FILE } from './kubelet-arguments.ts';

export interface HazardFacts {
  etcdMembers: readonly EtcdMember[] | NoEtcd;
  /** Text of etcd's manifest; undefined: none on this node. */
  etcdManifest: string | undefined;
  /** Names of the kubelet's flags by file. */
  kubeletFlags: readonly { path: string; names: readonly string[] }[];
  /** Feature gates in kubeadm's ClusterConfiguration. */
  featureGates: readonly string[];
}

interface Hazard {
  /** Ranges of semver; pre-releases count. Absent: wherever it comes from. */
  from?: string;
  to: string;
  check: (facts: HazardFacts, to: string) => readonly Finding[];
}

const PAUSE_IMAGE_FLAG = 'pod-infra-container-image';
/** Of kubeadm-flags.env, by kubeadm 1.35: the second one goes to its instance-config.yaml. */
const TAKEN_OUT = [PAUSE_IMAGE_FLAG, 'container-runtime-endpoint'];
const LEAST_ETCD = '3.5.26';

const HAZARDS: readonly Hazard[] = [
  {
    // kubeadm#2927: it writes defaults into etcd.yaml, which the kubelet does not take for a change.
    to: '>=1.28.0-0 <1.28.3',
    check: ({ etcdManifest }, to) =>
      etcdManifest === undefined
        ? []
        : [refusal(`kubeadm ${to} waits in vain for etcd to change: got ${to}, expected v1.28.3 or later`)],
  },
  {
    // kubeadm#2957: what those wrote differs from what later ones write, again without a change for the kubelet.
    from: '>=1.28.0-0 <1.28.3',
    to: '>=1.28.3 <1.29.0-0',
    check: ({ etcdManifest }) =>
      etcdManifest === undefined || !/^\s*schedulerName:/m.test(etcdManifest)
        ? []
        : [
            refusal(
              '/etc/kubernetes/manifests/etcd.yaml: got defaults that kubeadm v1.28.0 to v1.28.2 wrote (schedulerName ' +
                'and others), expected none, as kubeadm waits in vain for etcd to change: remove them, nothing restarts',
            ),
          ],
  },
  {
    // kubeadm#3049
    to: '1.30.0',
    check: () => [
      refusal('kubeadm v1.30.0 loses the kubelet configuration: got v1.30.0, expected v1.30.1 or later'),
    ],
  },
  {
    // kubernetes#129385
    from: '>=1.30.0-0 <1.31.0-0',
    to: '>=1.31.0-0 <1.32.0-0',
    check: () => [note('kubelet 1.31 restarts every container that 1.30 started: drain the node')],
  },
  {
    from: '<1.34.0-0',
    to: '>=1.34.0-0',
    check: ({ etcdMembers }, to) => (typeof etcdMembers === 'string' ? [] : oldMembers(etcdMembers, to)),
  },
  {
    from: '<1.35.0-0',
    to: '>=1.35.0-0',
    check: ({ kubeletFlags }) =>
      kubeletFlags
        .filter(({ names }) => names.includes(PAUSE_IMAGE_FLAG))
        .map(({ path }) =>
          note(`${path}: --${PAUSE_IMAGE_FLAG} is unknown to kubelet 1.35: it will be taken out`),
        ),
  },
  {
    // kubeadm#3279. It takes some flags out itself, so a second run, at the latest, would find none.
    to: '1.35.0',
    check: ({ kubeletFlags }) => {
      const names = kubeletFlags.find(({ path }) => path === KUBELET_FLAGS_FILE)?.names ?? [];
      return names.some((name) => !TAKEN_OUT.includes(name))
        ? []
        : [
            refusal(
              `${KUBELET_FLAGS_FILE}: got no flag that stays, expected one, as kubeadm v1.35.0 fails without: take ` +
                'v1.35.1 or later',
            ),
          ];
    },
  },
  {
    to: '>=1.36.0-0',
    check: ({ featureGates }, to) =>
      featureGates.includes('ControlPlaneKubeletLocalMode')
        ? [
            refusal(
              'clusterConfiguration.featureGates: got ControlPlaneKubeletLocalMode, expected none of that name, as ' +
                `kubeadm ${to} does not know it: remove it from the KubeadmControlPlane`,
            ),
          ]
        : [],
  },
];

/** `from`: undefined when it is not known: then every hazard of the target counts. */
export function hazardFindings(facts: HazardFacts, from: string | undefined, to: string): readonly Finding[] {
  const within = (version: string, range: string): boolean =>
    semver.satisfies(parseVersion(version, 'version'), range, { includePrerelease: true });
  return HAZARDS.filter(
    (hazard) => within(to, hazard.to) && (!hazard.from || !from || within(from, hazard.from)),
  ).flatMap((hazard) => hazard.check(facts, to));
}

/** Zombie members and "too many learner members" (etcd 3.5.1 to 3.5.25) come to light when one member is 3.6. */
function oldMembers(members: readonly EtcdMember[], to: string): Finding[] {
  return members
    .filter(({ version }) => semver.lt(semver.coerce(version) ?? '0.0.0', LEAST_ETCD))
    .map(({ name, version }) =>
      refusal(
        `etcd member ${name || 'that never started'}: got version ${version ?? 'unknown'}, expected ${LEAST_ETCD} or ` +
          `later before ${to}: upgrade Kubernetes to its newest patch first, or set etcd.local.imageTag`,
      ),
    );
}
