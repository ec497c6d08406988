// Verdicts that depend on the entry of a list: files and kubelet arguments.
import { isRenderedAtBoot } from '../api/cloud-init.ts';
import { isObject, member, type JsonValue } from '../api/json.ts';
import { uncovered, type Claim, type WorkStep } from './claim.ts';
import type { Change } from './compare.ts';

/** Kubelet arguments that belong to the identity of a node. */
const REFUSED_KUBELET_ARGUMENTS: readonly string[] = [
  'node-ip',
  'hostname-override',
  'root-dir',
  'node-labels',
];

/** Fields of a file that can be written in place. */
const FILE_FIELDS: readonly string[] = [
  'path',
  'owner',
  'permissions',
  'encoding',
  'content',
  'contentFrom',
  'contentFormat',
  'append',
];
const FILE_ENCODINGS: readonly string[] = ['base64', 'gzip', 'gzip+base64'];

/** Files below these folders are read by a running component that then restarts. */
const DISTURBING_FOLDERS: readonly string[] = ['/etc/containerd/', '/etc/kubernetes/manifests/'];
/** Where nothing is rendered (Ignition) such text is rare: refusing it too costs little. */
const RENDERED = 'cloud-init renders it, and only when a machine first starts';
const KUBELET_FOLDER = '/etc/systemd/system/kubelet.service.d/';

export interface FileContext {
  /** Folders whose files are written in place; an entry without a slash at its end is one file or a folder. */
  allowed: readonly string[];
  /** Where kubeadm is told to look for patches. */
  patchesDirectory?: string;
}

export function claimFile({ entry, keys }: Change, { allowed, patchesDirectory }: FileContext): Claim {
  const [from, to] = [entry?.from, entry?.to];
  if (to === undefined) return uncovered('a file that is not wanted any more is not removed in place');
  const path = member(to, 'path');
  if (typeof path !== 'string' || !isNormal(path)) return uncovered('not an absolute, normalised path');
  if (from !== undefined && member(from, 'path') !== path)
    return uncovered('files without a path on one side');
  if (!allowed.some((folder) => isUnder(path, folder)))
    return uncovered(`${path} is not in policy.claims.files`);
  const refusal = fileRefusal(from, to, keys);
  if (refusal !== undefined) return uncovered(refusal);
  const steps: WorkStep[] = ['configure'];
  if (isUnder(path, KUBELET_FOLDER)) steps.push('kubelet');
  if (patchesDirectory !== undefined && isUnder(path, patchesDirectory)) steps.push('kubeadm', 'kubelet');
  return {
    verdict: 'claimed',
    reason: 'written in place',
    steps,
    subject: { kind: 'files', name: path },
    disturbs: DISTURBING_FOLDERS.some((folder) => isUnder(path, folder)),
  };
}

function fileRefusal(from: JsonValue | undefined, to: JsonValue, keys: Change['keys']): string | undefined {
  const is = (field: string, values: readonly (JsonValue | undefined)[]) =>
    values.includes(member(to, field));
  if (!is('append', [undefined, false]) || member(from, 'append') === true) {
    return 'appending to a file is not repeatable';
  }
  if (!is('contentFormat', [undefined, '', 'Raw'])) return 'only contentFormat Raw is written in place';
  if (!is('encoding', [undefined, '', ...FILE_ENCODINGS])) return 'unknown encoding';
  const source = member(to, 'contentFrom');
  if (source !== undefined && !isObject(member(source, 'secret')))
    return 'content from something but a Secret';
  const content = member(to, 'content');
  const isPlain = is('encoding', [undefined, '']);
  if (isPlain && typeof content === 'string' && isRenderedAtBoot(content)) return RENDERED;
  const fields = [...(isObject(to) ? Object.keys(to) : []), ...keys.slice(2, 3).map(String)];
  return fields.every((field) => FILE_FIELDS.includes(field)) ? undefined : 'unknown field of a file';
}

/** An argument that is added, changed or removed; without an entry: only their order changes. */
export function claimKubeletArgument({ entry }: Change): Claim {
  const sides = [entry?.from, entry?.to].filter((side) => side !== undefined);
  const names = new Set(sides.map(argumentName));
  if (names.has('')) return uncovered('an argument without a name');
  const refused = REFUSED_KUBELET_ARGUMENTS.find((name) => names.has(name));
  if (refused !== undefined) return uncovered(`${refused} belongs to the identity of the node`);
  const value = entry?.to === undefined ? undefined : member(entry.to, 'value');
  if (typeof value === 'string' && isRenderedAtBoot(value)) return uncovered(RENDERED);
  return {
    verdict: 'claimed',
    reason: 'the kubelet restarts with it',
    steps: ['configure', 'kubelet'],
    subject: { kind: 'kubelet arguments', name: [...names].join(', ') || 'order' },
  };
}

/** The kubelet takes node_ip for node-ip. */
function argumentName(entry: JsonValue): string {
  const name = member(entry, 'name');
  return typeof name === 'string' ? name.replace(/^-+/, '').replaceAll('_', '-') : '';
}

function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** One spelling per file, so that a folder's prefix says what it seems to say; no control characters. */
function isNormal(path: string): boolean {
  const names = path.split('/').slice(1);
  return path.startsWith('/') && !/\p{Cc}/u.test(path) && !names.some((name) => /^\.{0,2}$/.test(name));
}
