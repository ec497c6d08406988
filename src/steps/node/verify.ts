// The step `verify`: everything that the operation was for, seen from outside; then the node's record says so.
import { dirname } from 'node:path/posix';
import { StatusError } from '../../api/errors.ts';
import { canonicalJson } from '../../api/json.ts';
import type { Host } from '../host/host.ts';
import { readBackup } from './backup-manifest.ts';
import { findCrictl, output, runtimeProblems, serverVersion } from './container-runtime.ts';
import { containerd } from './containerd.ts';
import { controlPlaneProblems } from './control-plane-health.ts';
import { etcdClusterProblems } from './etcd-cluster.ts';
import { kubeadmFiles } from './kubeadm-files.ts';
import { KUBELET_CONFIGURATION_FILE } from './kubelet-configuration.ts';
import { healthProblems, staleProblems } from './kubelet-health.ts';
import { inspectLayout } from './layout.ts';
import { readNodeRecord, writeNodeRecord, type NodeRecord } from './node-record.ts';
import type { NodeStep, StepContext } from './node-step.ts';
import { programVersion } from './program-version.ts';
import { readService, type Service } from './service.ts';

/** kubeadm's unit starts a kubelet that ended again after 10 s. */
const STABLE_SECONDS = 10;

/** Changes nothing but the record, and that only when no problem is left: with one, it cannot begin yet. */
export const verify: NodeStep = {
  name: 'verify',
  async prepare(host, context) {
    const problems = await findProblems(host, context);
    if (problems.length > 0) throw new StatusError(problems.join('; '), { reason: 'Unavailable' });
    const [record, known] = await Promise.all([makeRecord(host, context), readNodeRecord(host)]);
    const work = { refusals: [], notes: [], outputs: await runtimeOutput(host, context) };
    if (known && isSame(known, record)) return { ...work, actions: [] };
    const perform = (target: Host): Promise<void> => writeNodeRecord(target, record);
    return { ...work, actions: [{ do: 'work', what: 'record what this node is now', perform }] };
  },
  problems: findProblems,
};

async function findProblems(host: Host, context: StepContext): Promise<readonly string[]> {
  const { plan } = context;
  const looks = [
    kubeletProblems(host, plan.kubernetes),
    // Of a release that brings one which this plan does not install: not our word to give.
    ...(plan.steps.some(({ name }) => name === 'containerd') ? [containerd.problems(host, context)] : []),
    networkProblems(host),
  ];
  if (plan.role === 'control-plane') {
    const before = (await readBackup(host, plan.operation))?.etcd;
    looks.push(controlPlaneProblems(host, plan.kubernetes), etcdClusterProblems(host, before));
  }
  return (await Promise.all(looks.map(orProblem))).flat();
}

/** What cannot be looked at now is a problem like others. */
async function orProblem(look: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof StatusError) return [error.message];
    throw error;
  }
}

/** The file is of the version, the process runs that file, and it is well. */
async function kubeletProblems(host: Host, kubernetes: string): Promise<string[]> {
  const { kubelet } = await inspectLayout(host);
  const [version, sha256, service] = await Promise.all([
    programVersion(host, 'kubelet', kubelet),
    host.files.sha256(kubelet),
    readService(host, 'kubelet'),
  ]);
  return [
    ...(version === kubernetes ? [] : [`${kubelet}: got ${version ?? 'no version'}, expected ${kubernetes}`]),
    ...(await staleProblems(host, service, { inputs: [], sha256 })),
    ...(await healthProblems(host, service, KUBELET_CONFIGURATION_FILE)),
    ...stabilityProblems(service, host.clock.now()),
  ];
}

/** By the age of the process: the same as a count of restarts that stands still, and nobody has to wait to see it. Pure. */
export function stabilityProblems({ startedAt, restarts }: Service, now: Date): string[] {
  if (startedAt === undefined) return [];
  const seconds = (now.getTime() - startedAt.getTime()) / 1000;
  if (seconds >= STABLE_SECONDS) return [];
  const got = `${seconds.toFixed(1)} s since its last start (${restarts} restarts)`;
  return [`kubelet.service: got ${got}, expected ${STABLE_SECONDS}`];
}

/** That the runtime itself is ready is containerd's part, if it is containerd. */
async function networkProblems(host: Host): Promise<string[]> {
  const crictl = await findCrictl(host);
  return crictl === undefined ? [] : runtimeProblems(await output(host, [crictl, 'info']));
}

async function makeRecord(host: Host, { plan, desired }: StepContext): Promise<NodeRecord> {
  const { operation, hash, kubernetes, release, desiredSha256 } = plan;
  const kubeletExtraArgs = desired
    ? [...new Set(desired.kubeletExtraArgs.map(({ name }) => name))].sort()
    : ((await readNodeRecord(host))?.kubeletExtraArgs ?? []);
  return {
    version: 1,
    operation,
    hash,
    kubernetes,
    release,
    desiredSha256,
    kubeletExtraArgs,
    kubeadmFiles: await kubeadmFiles(host),
    finishedAt: host.clock.now().toISOString(),
  };
}

function isSame(one: NodeRecord, other: NodeRecord): boolean {
  return canonicalJson({ ...one, finishedAt: '' }) === canonicalJson({ ...other, finishedAt: '' });
}

/** For the API's part of this step, which compares what the Node shows. */
async function runtimeOutput(host: Host, { components }: StepContext): Promise<Record<string, string>> {
  const { containerd: program } = await inspectLayout(host);
  if (components?.containerd === undefined || program === undefined) return {};
  const ctr = await host.files.resolve(`${dirname(program)}/ctr`);
  if (ctr === undefined) return {};
  const version = serverVersion(await output(host, [ctr, 'version']));
  return version === undefined ? {} : { containerd: nodeRuntimeVersion(version) };
}

/** As a Node shows it: the kubelet reads `v2.1.4` as 2.1.4 and `1.6.20~ds1` as 1.6.20. Pure. */
export function nodeRuntimeVersion(version: string): string {
  const [, numbers = '', suffix = ''] = /^v?(\d+(?:\.\d+)*)(.*)$/.exec(version) ?? [];
  return /^[-+][-+.0-9A-Za-z]+$/.test(suffix) ? `${numbers}${suffix}` : numbers;
}
