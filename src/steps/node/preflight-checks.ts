// The checks of `preflight`: what each looks at, and how what one finds serves another.
import { parse } from 'yaml';
import { z } from 'zod';
import type { Host } from '../host/host.ts';
import { certificateFindings, inspectCertificates } from './certificates.ts';
import { cgroupFindings, inspectCgroup } from './cgroup.ts';
import { clockFindings, inspectClock } from './clock-skew.ts';
import { inspectContainerd } from './containerd-layout.ts';
import { inspectSpace, spaceFindings, spaceNeeds } from './disk-space.ts';
import { etcdFindings } from './etcd-health.ts';
import { etcdMembers } from './etcd.ts';
import { refusal, type Finding } from './findings.ts';
import { hazardFindings } from './hazards.ts';
import { inspectNotes, noteFindings } from './host-notes.ts';
import { componentFindings, hostFindings, inspectArchitecture, inspectHost } from './host-support.ts';
import { currentVersion, inspectVersions, versionFindings } from './installed-versions.ts';
import { KUBELET_FLAGS_FILE } from './kubelet-arguments.ts';
import { readKubeletConfiguration } from './kubelet-configuration.ts';
import { parseFlagFile } from './kubelet-flags.ts';
import type { HostLayout } from './layout.ts';
import type { StepContext } from './node-step.ts';
import { inspectPackages } from './packages.ts';
import { manifestFile, readStaticPod } from './static-pods.ts';

export type Check = () => Promise<readonly Finding[]>;

/** Errors of each check: StatusError when it cannot look. */
export function preflightChecks(
  host: Host,
  context: StepContext,
  layout: () => Promise<HostLayout>,
): readonly Check[] {
  const { plan, desired, components } = context;
  const versions = once(async () => inspectVersions(host, (await layout()).kubelet));
  const members = once(() => etcdMembers(host));
  const kubeletConfiguration = once(() => readKubeletConfiguration(host));
  return [
    async () => {
      const programs = await layout().then(programsOf, () => []);
      return hostFindings(await inspectHost(host, programs), plan.policy.untestedHosts);
    },
    async () => (components ? componentFindings(components, await inspectArchitecture(host), plan) : []),
    async () => roleFindings((await layout()).role, plan.role),
    async () => versionFindings(await versions(), plan.kubernetes),
    async () => certificateFindings(await inspectCertificates(host, plan.role), host.clock.now()),
    async () => clockFindings(await inspectClock(host, plan.role)),
    async () => {
      const own = (await readStaticPod(host, 'etcd'))?.flags.get('name');
      return etcdFindings(await members(), own);
    },
    async () => {
      const isNew = currentVersion(await versions()) !== plan.kubernetes;
      const data = isNew ? (await inspectContainerd(host))?.dataFolder : undefined;
      return spaceFindings(await inspectSpace(host, await spaceNeeds(host, context, data)));
    },
    async () => {
      const { failCgroupV1 } = await kubeletConfiguration();
      const ignorePreflightErrors = desired?.ignorePreflightErrors ?? [];
      const fileSystem = await inspectCgroup(host);
      return cgroupFindings({ fileSystem, failCgroupV1, ignorePreflightErrors }, plan.kubernetes);
    },
    async () => {
      const facts = {
        etcdMembers: await members(),
        etcdManifest: (await host.files.read(manifestFile('etcd')))?.toString(),
        kubeletFlags: await kubeletFlags(host, (await layout()).kubeletFlagFiles),
        featureGates: featureGates(desired?.clusterConfiguration),
      };
      return hazardFindings(facts, currentVersion(await versions()), plan.kubernetes);
    },
    async () => inspectPackages(host, programsOf(await layout())),
    async () => noteFindings(await inspectNotes(host, await kubeletConfiguration()), plan),
  ];
}

/** What steps may replace. */
function programsOf(layout: HostLayout): string[] {
  const { kubelet, kubeadm, kubectl, containerd, cniFolder } = layout;
  return [kubelet, kubeadm, kubectl, containerd, `${cniFolder}/loopback`].filter(
    (path) => path !== undefined,
  );
}

function roleFindings(got: HostLayout['role'], expected: HostLayout['role']): readonly Finding[] {
  if (got === expected) return [];
  return [
    refusal(`role: got a ${got} by what lies in /etc/kubernetes, expected a ${expected}: repair the node`),
  ];
}

async function kubeletFlags(
  host: Host,
  files: readonly string[],
): Promise<{ path: string; names: readonly string[] }[]> {
  return Promise.all(
    [...new Set([KUBELET_FLAGS_FILE, ...files])].map(async (path) => {
      const text = (await host.files.read(path))?.toString() ?? '';
      return { path, names: parseFlagFile(text).map(({ name }) => name) };
    }),
  );
}

const featureGatesSchema = z.object({ featureGates: z.record(z.string(), z.unknown()).default({}) });

/** Of kubeadm's ClusterConfiguration; what cannot be read is kubeadm's to refuse. */
export function featureGates(clusterConfiguration: string | undefined): readonly string[] {
  try {
    return Object.keys(featureGatesSchema.parse(parse(clusterConfiguration ?? '{}')).featureGates);
  } catch {
    return [];
  }
}

/** Looked at once, whoever asks first. */
function once<T>(look: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= look());
}
