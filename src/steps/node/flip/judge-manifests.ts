// Which differences between the manifests of a node and those that the new kubeadm renders somebody expects. Pure.
import semver, { type SemVer } from 'semver';
import { parseImage } from '../image-names.ts';
import type { StaticPodName } from '../static-pods.ts';
import { manifestDifference, type Difference } from './manifest-difference.ts';
import type { Fields } from './manifest-fields.ts';

export interface Judged {
  /** What lies in the manifests folder. */
  installed: Fields;
  /** By the new kubeadm. */
  rendered: Fields;
  /** By the kubeadm that is installed, from the same configuration; undefined: it cannot be asked. */
  baseline: Fields | undefined;
  /** It is as the last operation left it: nobody has edited it since, so what changes comes from the desired state. */
  isAsLeft: boolean;
}

/**
 * Only read on a member without data. `upgrade node` renders this member alone, whatever joining had written: the new
 * manifest is then equal to what kubeadm would make of it.
 */
const ETCD_BOOTSTRAP = ['--initial-cluster', '--initial-cluster-state'];

/** Those that nobody expects: a hand edit, or a patch that the Machine does not ask for. Empty: it may be replaced. */
export function unexpectedDifferences(name: StaticPodName, judged: Judged): Difference[] {
  const { installed, rendered, baseline, isAsLeft } = judged;
  if (isAsLeft) return [];
  return manifestDifference(installed, rendered).filter(({ field, from }) => {
    if (field === 'image' && isOtherVersion(installed, rendered)) return false;
    if (name === 'etcd' && ETCD_BOOTSTRAP.includes(field)) return false;
    // What the old kubeadm has put there itself, or left out, the new one may change.
    return baseline === undefined || baseline.get(field)?.text !== from?.text;
  });
}

/** Do they run etcd of different minor versions? undefined: a tag is no version. */
export function minorChanges(installed: Fields, rendered: Fields): boolean | undefined {
  const [from, to] = [imageVersion(installed), imageVersion(rendered)];
  if (from === undefined || to === undefined) return undefined;
  return from.major !== to.major || from.minor !== to.minor;
}

/** A step back, which kubeadm itself never makes with etcd. */
export function isOlderImage(installed: Fields, rendered: Fields): boolean {
  const [from, to] = [imageVersion(installed), imageVersion(rendered)];
  return from !== undefined && to !== undefined && semver.lt(to, from);
}

/** Of one image; by a digest somebody has chosen more than the version. */
function isOtherVersion(installed: Fields, rendered: Fields): boolean {
  const [from, to] = [image(installed), image(rendered)];
  if ([from, to].some((one) => one.includes('@')) || imageVersion(installed) === undefined) return false;
  const [one, other] = [parseImage(from), parseImage(to)];
  return one.repository === other.repository && one.name === other.name;
}

/** Like 3.5.24 of `registry.k8s.io/etcd:3.5.24-0`. */
function imageVersion(fields: Fields): SemVer | undefined {
  const version = /^v?(\d+\.\d+\.\d+)/.exec(parseImage(image(fields)).tag ?? '')?.[1];
  return semver.parse(version) ?? undefined;
}

function image(fields: Fields): string {
  const parsed: unknown = JSON.parse(fields.get('image')?.text ?? '""');
  return typeof parsed === 'string' ? parsed : '';
}
