// What a flip of this node's control plane would move, and why it must not be begun. Only looks.
import { step } from '../../../api/steps.ts';
import { STATE_FOLDER } from '../../host/folders.ts';
import type { Host } from '../../host/host.ts';
import { runtimeImages } from '../container-runtime.ts';
import { folderBytes, gibibytes } from '../disk-space.ts';
import { fullName } from '../image-names.ts';
import { installRefusals, wrongDigest, type Target } from '../install-files.ts';
import type { HostLayout } from '../layout.ts';
import type { StepContext } from '../node-step.ts';
import { componentFile, filesOf } from '../staged.ts';
import {
  manifestFile,
  parseStaticPod,
  readStaticPod,
  STATIC_PODS,
  type StaticPodName,
} from '../static-pods.ts';
import type { FlipDecision } from './decision.ts';
import type { Flip } from './flip.ts';
import { etcdPart } from './flip-etcd.ts';
import { FLIP_SECONDS } from './flip-control-plane.ts';
import { flipFolder, intentFile, renderedFile } from './flip-folder.ts';
import { readKubeVip } from './kube-vip.ts';
import { shutdownDelay } from './shutdown-delay.ts';
import { findSnapshotTool } from './snapshot-tool.ts';
import { flipProcesses } from './static-pod-ends.ts';

/** flip undefined: it cannot even be said what moves. */
export interface FlipPlan {
  flip: Flip | undefined;
  /** Empty: it may begin. Each names what was got and expected. */
  reasons: string[];
}

/** The old kubelet, the new one beside it, manifests. */
const KUBELETS = 3;

/** Errors: StatusError when it cannot even look. */
export async function planFlip(
  host: Host,
  context: StepContext,
  layout: HostLayout,
  decision: FlipDecision,
): Promise<FlipPlan> {
  const target = kubeletTarget(layout, context);
  const from = await host.files.sha256(layout.kubelet);
  if (!target || from === undefined)
    return { flip: undefined, reasons: ['kubelet: got none in the release, or none here, expected both'] };
  const etcd = await etcdPart(host, decision);
  const { operation, kubernetes } = context.plan;
  const apiServer = await readStaticPod(host, 'kube-apiserver');
  const tag = apiServer?.tag;
  // Where there is no other one, nobody has to notice.
  const delay = apiServer && !etcd.isOnlyMember ? shutdownDelay(apiServer) : 0;
  const flip: Flip = {
    operation,
    kubeadm: layout.kubeadm,
    kubernetes: { ...(tag === undefined ? {} : { from: tag.replaceAll('_', '+') }), to: kubernetes },
    kubelet: { path: target.to, staged: target.from, from, to: target.file.sha256 },
    manifests: STATIC_PODS.flatMap((pod) => {
      const manifest = decision.manifests[pod];
      return manifest ? [{ pod, from: manifest.fromSha256, to: manifest.sha256 }] : [];
    }),
    shutdownDelaySeconds: typeof delay === 'number' ? delay : 0,
    handsOverAddress: !etcd.isOnlyMember && (await readKubeVip(host)) !== undefined,
    ...(etcd.part && { etcd: etcd.part }),
  };
  const reasons = [
    ...timeReasons(context),
    ...(await otherReasons(host, operation)),
    ...(await manifestReasons(host, flip)),
    ...etcd.reasons,
    ...(typeof delay === 'string' ? [delay] : []),
    ...(await installRefusals(host, [target])),
    ...(await roomReasons(host, flip, target)),
  ];
  // The rest asks manifests that must be there.
  if (reasons.length > 0) return { flip, reasons };
  const missing = await runningReasons(host, layout, flip);
  return missing.length > 0 ? { flip, reasons: missing } : withSnapshotTool(host, flip);
}

/** Only data that are copied may have to be restored. */
async function withSnapshotTool(host: Host, flip: Flip): Promise<FlipPlan> {
  const { operation, etcd } = flip;
  if (etcd?.copies !== true) return { flip, reasons: [] };
  const snapshotTool = await findSnapshotTool(host, operation);
  if (typeof snapshotTool === 'string') return { flip, reasons: [snapshotTool] };
  return { flip: { ...flip, etcd: { ...etcd, snapshotTool } }, reasons: [] };
}

function kubeletTarget({ kubelet }: HostLayout, { components }: StepContext): Target | undefined {
  if (!components) return undefined;
  const file = filesOf(components, 'kubernetes').find(({ name }) => name === 'kubelet');
  return file && { file, from: componentFile(components.folder, file), to: kubelet };
}

function timeReasons({ plan }: StepContext): string[] {
  const listed = plan.steps.find(({ name }) => name === 'kubeadm');
  const seconds = listed?.timeoutSeconds ?? step('kubeadm').timeoutSeconds;
  return seconds >= FLIP_SECONDS
    ? []
    : [`timeouts.kubeadm: got ${seconds} s, expected ${FLIP_SECONDS} at least`];
}

/** Its way back must not be taken away by a second one. */
async function otherReasons({ files }: Host, operation: string): Promise<string[]> {
  const reasons: string[] = [];
  for (const other of await files.list(STATE_FOLDER)) {
    if (other === operation || (await files.status(intentFile(other))) === undefined) continue;
    reasons.push(`${intentFile(other)}: got a flip that is half done, expected none: settle it first`);
  }
  return reasons;
}

/** Somebody may have edited one since they were compared. */
async function manifestReasons({ files }: Host, { operation, manifests, kubelet }: Flip): Promise<string[]> {
  const reasons: string[] = [];
  const isListed = (pod: StaticPodName): boolean => manifests.some((manifest) => manifest.pod === pod);
  for (const pod of STATIC_PODS) {
    const isThere = (await files.status(manifestFile(pod))) !== undefined;
    if (isThere === isListed(pod)) continue;
    reasons.push(`${manifestFile(pod)}: got ${isThere ? 'one' : 'none'}, which the decision does not know`);
  }
  for (const { pod, from, to } of manifests) {
    for (const [path, expected] of [
      [manifestFile(pod), from],
      [renderedFile(operation, pod), to],
    ] as const) {
      const got = await files.sha256(path);
      if (got !== expected) reasons.push(wrongDigest(path, got, expected));
    }
  }
  const isSame = manifests.every(({ from, to }) => from === to) && kubelet.from === kubelet.to;
  return isSame ? [...reasons, 'manifests and kubelet are the new ones already'] : reasons;
}

async function roomReasons(host: Host, { operation, etcd }: Flip, { file }: Target): Promise<string[]> {
  const data = etcd?.copies === true ? await folderBytes(host, `${etcd.dataFolder}/member`) : 0;
  const needed = Math.ceil(data * 1.1) + KUBELETS * file.size;
  const { freeBytes } = await host.files.space(flipFolder(operation));
  return freeBytes >= needed
    ? []
    : [
        `${flipFolder(operation)}: got ${gibibytes(freeBytes)} free, expected ${gibibytes(needed)} for etcd's data and the kubelet`,
      ];
}

/** What would be missing at the moment of the flip. */
async function runningReasons(
  host: Host,
  layout: HostLayout,
  { operation, manifests }: Flip,
): Promise<string[]> {
  const reasons: string[] = [];
  const present = await runtimeImages(host, layout);
  for (const { pod } of manifests) {
    if ((await flipProcesses(host, operation, pod)).length === 0) {
      reasons.push(`${pod}: got no process with the flags of ${manifestFile(pod)}, expected one`);
    }
    const content = await host.files.read(renderedFile(operation, pod));
    const image = content && parseStaticPod(content, pod).image;
    // One with a digest has no name by which the runtime lists it.
    if (!image || image.includes('@') || present.has(fullName(image))) continue;
    reasons.push(`image ${image}: got nothing, expected it in the container runtime`);
  }
  return reasons;
}
