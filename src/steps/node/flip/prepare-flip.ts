// May the control plane of this node be flipped? Looks and renders; of the node nothing is changed.
import { StatusError } from '../../../api/errors.ts';
import type { ControlPlaneMethod } from '../../../api/host-plan.ts';
import type { Host } from '../../host/host.ts';
import { sha256Of } from '../../host/sha256.ts';
import { folderBytes, gibibytes } from '../disk-space.ts';
import { etcdMembers } from '../etcd.ts';
import type { StepContext } from '../node-step.ts';
import { parseStaticPod, type StaticPodName } from '../static-pods.ts';
import { writeDecision, type DecidedManifests, type FlipDecision } from './decision.ts';
import { flipFolder, renderedFile, renderedFolder, scratchFolder } from './flip-folder.ts';
import { judgeFlip, type Look } from './judge-flip.ts';
import { lookAtManifests } from './look-at-manifests.ts';
import type { Manifests } from './render-manifests.ts';

export interface PreparedFlip {
  decision: FlipDecision;
  /** Rendered; undefined: it is not flipped. */
  manifests: Manifests | undefined;
}

/** etcd goes on writing until it is stopped. */
const GROWTH = 1.5;

/** undefined: nobody asks for a flip. What stands in its way is a reason for kubeadm's own method, never a failure. */
export async function prepareFlip(host: Host, context: StepContext): Promise<PreparedFlip | undefined> {
  const { plan } = context;
  const isInList = plan.steps.some(({ name }) => name === 'kubeadm');
  if (!isInList || !(await isWanted(host, plan.controlPlane?.method))) return undefined;
  const scratch = scratchFolder(plan.operation);
  try {
    return await decide(host, context, scratch);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return byKubeadm([error.message]);
  } finally {
    // Patches and manifests: perhaps secrets.
    await host.files.remove(scratch);
  }
}

/** Repeatable: the decision comes last. `undefined`: what an earlier `stage` has left goes. */
export async function leaveFlip(
  host: Host,
  operation: string,
  prepared: PreparedFlip | undefined,
): Promise<void> {
  if (prepared === undefined) return host.files.remove(flipFolder(operation));
  await host.files.remove(renderedFolder(operation));
  for (const [name, content] of prepared.manifests ?? []) {
    await host.files.write(renderedFile(operation, name), content, { mode: 0o600 });
  }
  await writeDecision(host, operation, prepared.decision);
}

/** `auto`: of several members none takes the API away while kubeadm moves it. */
async function isWanted(host: Host, method: ControlPlaneMethod | undefined): Promise<boolean> {
  if (method !== 'auto') return method === 'flip';
  try {
    const members = await etcdMembers(host);
    return typeof members !== 'string' && members.length === 1;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    host.log(`flip: whether this is the only member of etcd cannot be said: ${error.message}`);
    return false;
  }
}

/** For the message of the step. */
export function flipNote({ decision }: PreparedFlip): string {
  return decision.method === 'flip'
    ? `the control plane will be flipped${decision.etcdMinorChanges ? ', etcd to another minor version' : ''}`
    : `controlPlane.method: kubeadm instead of flip: ${decision.reasons.join('; ')}`;
}

async function decide(host: Host, context: StepContext, scratch: string): Promise<PreparedFlip> {
  const look = await lookAtManifests(host, context, scratch);
  const { differences, reasons, etcdMinorChanges } = judgeFlip(look);
  for (const line of differences) host.log(`flip: ${line}`);
  const missingRoom = etcdMinorChanges ? await roomReasons(host, context, look.installed) : [];
  const all = [...reasons, ...missingRoom];
  if (all.length > 0) return byKubeadm(all, etcdMinorChanges);
  const manifests = decided(look);
  return {
    decision: { version: 1, method: 'flip', reasons: [], manifests, etcdMinorChanges },
    manifests: look.rendered,
  };
}

function byKubeadm(reasons: string[], etcdMinorChanges = false): PreparedFlip {
  return {
    decision: { version: 1, method: 'kubeadm', reasons, manifests: {}, etcdMinorChanges },
    manifests: undefined,
  };
}

function decided({ installed, rendered }: Look): DecidedManifests {
  const digests = (name: StaticPodName): DecidedManifests[StaticPodName] => ({
    sha256: sha256Of(rendered.get(name) ?? Buffer.of()),
    fromSha256: sha256Of(installed.get(name) ?? Buffer.of()),
  });
  return {
    etcd: digests('etcd'),
    'kube-apiserver': digests('kube-apiserver'),
    'kube-controller-manager': digests('kube-controller-manager'),
    'kube-scheduler': digests('kube-scheduler'),
  };
}

/** For the copy of etcd's data that is taken while etcd is stopped. */
async function roomReasons(host: Host, { plan }: StepContext, installed: Manifests): Promise<string[]> {
  const folder = parseStaticPod(installed.get('etcd') ?? Buffer.of(), 'etcd').flags.get('data-dir');
  if (folder === undefined) return ['etcd: got no --data-dir, expected what kubeadm writes'];
  const needed = Math.ceil((await folderBytes(host, folder)) * GROWTH);
  const place = flipFolder(plan.operation);
  const { freeBytes } = await host.files.space(place);
  if (freeBytes >= needed) return [];
  return [
    `${place}: got ${gibibytes(freeBytes)} free, expected ${gibibytes(needed)} for a copy of ${folder}`,
  ];
}
