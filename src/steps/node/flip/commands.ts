// The flip as lists of commands: data, made from what moves, so that they can be read, tested and cut at any point. Pure.
import { manifestFile, type StaticPodName } from '../static-pods.ts';
import type { Argv } from '../../host/host.ts';
import type { BackIntent, Flip, FlipIntent } from './flip.ts';
import {
  besideFile,
  dataBackFile,
  dataFile,
  etcdCopy,
  flippedFile,
  intentFile,
  keptKubelet,
  keptManifest,
  keptSnapshotTool,
  renderedFile,
  revisionFile,
  wentBackFile,
} from './flip-folder.ts';

export interface Placed {
  from: string;
  to: string;
  sha256: string;
  mode: number;
}

/** Each may be cut and done again; what is done already is left. */
export type FlipCommand =
  | { do: 'run'; argv: Argv; timeoutSeconds: number }
  | { do: 'remove'; path: string }
  /** What earlier operations kept for their way back: a copy of etcd's data may be large. */
  | { do: 'drop-older' }
  /** A copy for the way back, or one that waits beside its place. */
  | ({ do: 'copy' } & Placed)
  /** Only a matter of time. */
  | { do: 'warm-program'; pod: StaticPodName }
  | { do: 'install-unit' }
  | { do: 'write-intent'; intent: FlipIntent }
  | { do: 'stop-kubelet' }
  | { do: 'hand-over-address' }
  /** SIGTERM to the processes of the static pod. */
  | { do: 'terminate'; pod: StaticPodName }
  /** Those that are not gone then are killed; etcd is not: it may be writing, so the move ends there. */
  | { do: 'await-end'; pods: readonly StaticPodName[]; seconds: number; otherwise: 'kill' | 'fail' }
  | { do: 'note-revision' }
  | { do: 'note-data'; dataFolder: string }
  | { do: 'copy-data'; dataFolder: string }
  | { do: 'put-data-back'; dataFolder: string }
  /** By a rename of what waits beside it, or else of a copy made now. */
  | ({ do: 'place' } & Placed)
  /** The intent gets its last name: from here on the kubelet may start. */
  | { do: 'finish-intent'; from: string; to: string }
  | { do: 'start-kubelet' }
  | { do: 'remove-unit' };

/**
 * So long an API server may finish requests; it takes no new ones meanwhile, and its watches never end by themselves. What it
 * has acknowledged is in etcd by then.
 */
const PATIENCE_SECONDS = 1;
/** etcd moves its leadership, writes and closes its database. */
const ETCD_PATIENCE_SECONDS = 60;
const RENEWAL_SECONDS = 120;
const MANIFEST_MODE = 0o600;
const PROGRAM_MODE = 0o755;

/** quiet: the old control plane runs. move: under the intent. start: everything is in its place. */
export interface FlipCommands {
  quiet: readonly FlipCommand[];
  move: readonly FlipCommand[];
  start: readonly FlipCommand[];
}

/** The API server goes first, so that nothing is acknowledged any more; etcd last, when nobody writes. */
const WITHOUT_DATA = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const endWithoutData = (delaySeconds = 0): readonly FlipCommand[] => [
  ...WITHOUT_DATA.map((pod) => ({ do: 'terminate', pod }) as const),
  { do: 'await-end', pods: WITHOUT_DATA, seconds: delaySeconds + PATIENCE_SECONDS, otherwise: 'kill' },
];
const END_ETCD: readonly FlipCommand[] = [
  { do: 'terminate', pod: 'etcd' },
  { do: 'await-end', pods: ['etcd'], seconds: ETCD_PATIENCE_SECONDS, otherwise: 'fail' },
];

export function forwardCommands(flip: Flip, at: string): FlipCommands {
  const { operation, kubelet, kubeadm, etcd, handsOverAddress, shutdownDelaySeconds } = flip;
  const [intent, beside] = [intentFile(operation), besideFile(kubelet.path)];
  return {
    quiet: [
      { do: 'run', argv: [kubeadm, 'certs', 'renew', 'all'], timeoutSeconds: RENEWAL_SECONDS },
      { do: 'drop-older' },
      // Of an attempt that was given up before anything moved: its copy of the data is too old to be put back.
      ...[etcdCopy, revisionFile, dataFile].map((path) => ({ do: 'remove', path: path(operation) }) as const),
      ...flip.manifests.map(({ pod, from }): FlipCommand => {
        const [path, copy] = [manifestFile(pod), keptManifest(operation, pod)];
        return { do: 'copy', from: path, to: copy, sha256: from, mode: MANIFEST_MODE };
      }),
      {
        do: 'copy',
        from: kubelet.path,
        to: keptKubelet(operation),
        sha256: kubelet.from,
        mode: PROGRAM_MODE,
      },
      ...(etcd?.snapshotTool ? [keepSnapshotTool(operation, etcd.snapshotTool)] : []),
      { do: 'copy', from: kubelet.staged, to: beside, sha256: kubelet.to, mode: PROGRAM_MODE },
      ...flip.manifests.map(({ pod }): FlipCommand => ({ do: 'warm-program', pod })),
      { do: 'install-unit' },
      { do: 'write-intent', intent: { version: 1, direction: 'forward', at, flip } },
    ],
    move: [
      { do: 'stop-kubelet' },
      ...(handsOverAddress ? [{ do: 'hand-over-address' } as const] : []),
      ...endWithoutData(shutdownDelaySeconds),
      ...(etcd ? endOldEtcd(etcd) : []),
      ...flip.manifests.map(({ pod, to }): FlipCommand => {
        const from = renderedFile(operation, pod);
        return { do: 'place', from, to: manifestFile(pod), sha256: to, mode: MANIFEST_MODE };
      }),
      { do: 'place', from: kubelet.staged, to: kubelet.path, sha256: kubelet.to, mode: PROGRAM_MODE },
      { do: 'finish-intent', from: intent, to: flippedFile(operation) },
    ],
    start: [{ do: 'start-kubelet' }],
  };
}

function keepSnapshotTool(operation: string, tool: { from: string; sha256: string }): FlipCommand {
  return { do: 'copy', ...tool, to: keptSnapshotTool(operation), mode: PROGRAM_MODE };
}

function endOldEtcd({ dataFolder, copies }: NonNullable<Flip['etcd']>): FlipCommand[] {
  return [
    { do: 'note-revision' },
    ...END_ETCD,
    { do: 'note-data', dataFolder },
    ...(copies ? [{ do: 'copy-data', dataFolder } as const] : []),
  ];
}

/**
 * Before it is decided whether the node goes back once the new kubelet was started: nobody may write meanwhile. etcd runs
 * on, so that it can be asked what was written.
 */
export const QUIETEN_COMMANDS: readonly FlipCommand[] = [{ do: 'stop-kubelet' }, ...endWithoutData()];

/** The kubelet goes back first: what is left of the new state then is what an old kubelet may start. */
export function backCommands(intent: BackIntent): FlipCommands {
  const { flip, started, putsDataBack } = intent;
  const { operation, kubelet, etcd } = flip;
  const ends = started ? [...endWithoutData(), ...(etcd ? END_ETCD : [])] : [];
  return {
    quiet: [
      ...(putsDataBack ? [{ do: 'remove', path: dataBackFile(operation) } as const] : []),
      { do: 'write-intent', intent },
    ],
    move: [
      { do: 'stop-kubelet' },
      ...ends,
      { do: 'remove', path: besideFile(kubelet.path) },
      {
        do: 'place',
        from: keptKubelet(operation),
        to: kubelet.path,
        sha256: kubelet.from,
        mode: PROGRAM_MODE,
      },
      ...flip.manifests.map(({ pod, from }): FlipCommand => {
        const kept = keptManifest(operation, pod);
        return { do: 'place', from: kept, to: manifestFile(pod), sha256: from, mode: MANIFEST_MODE };
      }),
      ...(putsDataBack && etcd ? [{ do: 'put-data-back', dataFolder: etcd.dataFolder } as const] : []),
      { do: 'finish-intent', from: intentFile(operation), to: wentBackFile(operation) },
    ],
    start: [{ do: 'start-kubelet' }],
  };
}

/** For people. */
export function describeCommand(command: FlipCommand): string {
  switch (command.do) {
    case 'run':
      return `run ${command.argv.join(' ')}`;
    case 'remove':
      return `remove ${command.path}`;
    case 'copy':
    case 'place':
      return `${command.do} ${command.to}`;
    case 'write-intent':
      return `write the intent to go ${command.intent.direction}`;
    case 'terminate':
      return `terminate ${command.pod}`;
    case 'warm-program':
      return `read the programs of ${command.pod}`;
    case 'await-end':
      return `await the end of ${command.pods.join(', ')}`;
    default:
      return command.do.replaceAll('-', ' ');
  }
}
