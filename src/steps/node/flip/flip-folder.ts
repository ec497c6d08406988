// Where the flip of an operation keeps what: all below the operation's folder, except the new kubelet, which waits beside
// the present one so that a rename puts it into place.
import { basename, dirname } from 'node:path/posix';
import { operationFolder } from '../../host/folders.ts';
import type { StaticPodName } from '../static-pods.ts';

export const flipFolder = (operation: string): string => `${operationFolder(operation)}/flip`;

export const decisionFile = (operation: string): string => `${flipFolder(operation)}/decision.json`;
/** While manifests are rendered: patches, configurations. */
export const scratchFolder = (operation: string): string => `${flipFolder(operation)}/scratch`;
/** Manifests as the new kubeadm rendered them, 0600: they may hold secrets. */
export const renderedFolder = (operation: string): string => `${flipFolder(operation)}/manifests`;
export const renderedFile = (operation: string, pod: StaticPodName): string =>
  `${renderedFolder(operation)}/${pod}.yaml`;

/** As it was before, for the way back. */
export const keptFolder = (operation: string): string => `${flipFolder(operation)}/old`;
export const keptManifest = (operation: string, pod: StaticPodName): string =>
  `${keptFolder(operation)}/${pod}.yaml`;
export const keptKubelet = (operation: string): string => `${keptFolder(operation)}/kubelet`;
/** Out of the old etcd's image: `etcdutl`, or an `etcdctl` that can do the same. */
export const keptSnapshotTool = (operation: string): string => `${keptFolder(operation)}/etcd-snapshot-tool`;

/** Present: half done. The kubelet must not start. */
export const intentFile = (operation: string): string => `${flipFolder(operation)}/intent.json`;
/** The intent gets this name when all is in its new place. */
export const flippedFile = (operation: string): string => `${flipFolder(operation)}/flipped.json`;
/** And this one when all is in its old place again. */
export const wentBackFile = (operation: string): string => `${flipFolder(operation)}/went-back.json`;

/** etcd's data as the old etcd left it; whole if it has this name. */
export const etcdCopy = (operation: string): string => `${flipFolder(operation)}/etcd`;
/** The revision that the old etcd ended at. */
export const revisionFile = (operation: string): string => `${flipFolder(operation)}/revision.json`;
/** Names, sizes and times of its files then. */
export const dataFile = (operation: string): string => `${flipFolder(operation)}/data.json`;
/** Present: etcd's data are restored from the copy. */
export const dataBackFile = (operation: string): string => `${flipFolder(operation)}/data-back.json`;

/** Hidden, on the same file system. */
export const besideFile = (path: string): string => `${dirname(path)}/.${basename(path)}.refit-flip`;
