// The step `configure`: files, kubelet arguments and names of the API server's certificate, and what makes them effective.
// The kubelet is restarted by the step after it. What is not desired any more is left, but for kubelet arguments.
import type { DesiredConfiguration } from '../../api/desired-configuration.ts';
import type { HostPlan } from '../../api/host-plan.ts';
import type { Host } from '../host/host.ts';
import {
  API_SERVER_CERTIFICATE,
  certificateProblems,
  certificateRefusals,
  renewCertificate,
} from './apiserver-certificate.ts';
import {
  containerdCheck,
  containerdProblems,
  effects,
  isContainerd,
  isStaticPod,
  restartContainerd,
  unitNotes,
} from './configure-effects.ts';
import { begunPaths, restoreEffects } from './configure-undo.ts';
import { apiServerProblems } from './control-plane-health.ts';
import { differingFiles, fileProblems, NO_CONFIGURATION, writeAction } from './desired-files.ts';
import { KUBELET_FLAGS_FILE, kubeletArguments, type KubeletArguments } from './kubelet-arguments.ts';
import { removedFlags } from './kubelet-flags.ts';
import { inspectLayout } from './layout.ts';
import { readNodeRecord } from './node-record.ts';
import type { Action, NodeStep } from './node-step.ts';
import { endStaticPod, outdatedProcesses, readersOf, readStaticPods } from './static-pod-processes.ts';
import type { StaticPodName } from './static-pods.ts';

export const configure: NodeStep = {
  name: 'configure',
  prepare: async (host, { plan, desired }) => {
    if (!desired) return { refusals: [NO_CONFIGURATION], actions: [], notes: [] };
    const { containerd, kubeadm } = await inspectLayout(host);
    const paths = desired.files.map(({ path }) => path);
    const { files, refusals } = await differingFiles(host, desired.files);
    const differing = files.map(({ path }) => path);
    const begun = await begunPaths(host, plan.operation, paths);
    const flags = await inspectArguments(host, plan, desired);
    const certificate = await certificateLooks(host, plan, desired);
    const restartsContainerd =
      containerd !== undefined &&
      (differing.some(isContainerd) || (await containerdProblems(host, paths)).length > 0);
    const renewed = certificate.length > 0 ? [API_SERVER_CERTIFICATE] : [];
    const restarts = await podRestarts(host, desired, [...differing, ...renewed]);
    const writes = (isChosen: (path: string) => boolean): Action[] =>
      files.filter(({ path }) => isChosen(path)).map(writeAction);
    return {
      refusals: [
        ...refusals,
        ...(certificate.length > 0 ? await certificateRefusals(host, desired.clusterConfiguration) : []),
      ],
      actions: [
        ...files
          .filter(({ path }) => containerd !== undefined && /^\/etc\/containerd\/.*\.toml$/.test(path))
          .map((file) => containerdCheck(containerd ?? '', plan.operation, file)),
        ...writes((path) => !isStaticPod(path)),
        ...effects([...new Set([...differing, ...begun])]),
        ...flagsWrite(flags),
        ...(restartsContainerd ? [restartContainerd] : []),
        ...(certificate.length > 0 ? [renewal(plan, desired, kubeadm)] : []),
        ...restarts,
        ...writes(isStaticPod),
      ],
      notes: [
        // Whether the configuration changed or a person the file, cannot be told: preflight says it before it is done.
        ...differing.map((path) => `${path}: not as in the bootstrap configuration, written anew`),
        ...flags.notes,
        ...unitNotes(differing),
      ],
    };
  },
  problems: async (host, { plan, desired }) => {
    if (!desired) return [NO_CONFIGURATION];
    const paths = desired.files.map(({ path }) => path);
    const { containerd } = await inspectLayout(host);
    const { text, before } = await inspectArguments(host, plan, desired);
    const outdated = await outdatedProcesses(host, await readStaticPods(host), watched(desired));
    return [
      ...(await fileProblems(host, desired.files)),
      ...(text === before ? [] : [`${KUBELET_FLAGS_FILE}: got other arguments than the desired ones`]),
      ...(containerd === undefined ? [] : await containerdProblems(host, paths)),
      ...(await certificateLooks(host, plan, desired)),
      ...[...outdated].map(([name, path]) => `${name}: started before ${path} changed`),
      ...(plan.role === 'control-plane' ? await apiServerProblems(host) : []),
    ];
  },
  restoration: (host, { plan }) => restoreEffects(host, plan.operation),
};

interface Arguments extends KubeletArguments {
  before: string;
  mode: number;
}

async function inspectArguments(
  host: Host,
  { kubernetes }: HostPlan,
  { kubeletExtraArgs }: DesiredConfiguration,
): Promise<Arguments> {
  const before = (await host.files.read(KUBELET_FLAGS_FILE))?.toString() ?? '';
  const mode = (await host.files.status(KUBELET_FLAGS_FILE))?.mode ?? 0o644;
  const recorded = (await readNodeRecord(host))?.kubeletExtraArgs;
  // A kubelet of that version would not start with them: its step takes them out.
  const removed = removedFlags(kubernetes);
  const wanted = kubeletExtraArgs.filter(({ name }) => !removed.includes(name));
  return { ...kubeletArguments(before, wanted, recorded), before, mode };
}

function flagsWrite({ text, before, mode }: Arguments): Action[] {
  if (text === before) return [];
  const content = Buffer.from(text);
  return [{ do: 'write', path: KUBELET_FLAGS_FILE, content, mode, change: { what: KUBELET_FLAGS_FILE } }];
}

/** Problems of the API server's certificate, where there is one and names are asked for. */
async function certificateLooks(
  host: Host,
  { role }: HostPlan,
  { certSANs }: DesiredConfiguration,
): Promise<string[]> {
  return role === 'control-plane' && certSANs.length > 0 ? certificateProblems(host, certSANs) : [];
}

function renewal(
  { operation, node }: HostPlan,
  { certSANs, clusterConfiguration = '' }: DesiredConfiguration,
  kubeadm: string,
): Action {
  const request = { operation, kubeadm, nodeName: node.name, certSANs, clusterConfiguration };
  return {
    do: 'work',
    what: `make a new ${API_SERVER_CERTIFICATE}`,
    perform: (host) => renewCertificate(host, request),
    change: { what: API_SERVER_CERTIFICATE, to: 'made anew' },
  };
}

/** Files that static pods may have read. The API server reads a new certificate by itself, but nothing shows when. */
function watched({ files, certSANs }: DesiredConfiguration): string[] {
  return [...files.map(({ path }) => path), ...(certSANs.length > 0 ? [API_SERVER_CERTIFICATE] : [])];
}

/**
 * Of static pods that have read a file that changes now, or has changed since they started: also one that kubeadm's step has
 * written, when it found nothing to change in their manifests.
 */
async function podRestarts(
  host: Host,
  desired: DesiredConfiguration,
  changing: readonly string[],
): Promise<Action[]> {
  const pods = await readStaticPods(host);
  const reasons = await outdatedProcesses(host, pods, watched(desired));
  for (const path of changing) for (const name of readersOf(pods, path)) reasons.set(name, path);
  return [...pods.keys()].flatMap((name) => {
    const path = reasons.get(name);
    return path === undefined ? [] : [podRestart(name, path)];
  });
}

function podRestart(name: StaticPodName, path: string): Action {
  return {
    do: 'work',
    what: `restart ${name}: it has read ${path} when it started`,
    perform: (host) => endStaticPod(host, name),
    change: { what: name, to: 'restarted' },
  };
}
