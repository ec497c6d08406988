// All four manifests of a node against those that the new kubeadm renders: what changes, and why that is no flip. Pure.
import { manifestFile, STATIC_PODS, type StaticPodName } from '../static-pods.ts';
import { describeDifference, manifestDifference, shown, type Difference } from './manifest-difference.ts';
import { manifestFields, type Fields } from './manifest-fields.ts';
import { isOlderImage, minorChanges, unexpectedDifferences } from './judge-manifests.ts';
import type { Manifests } from './render-manifests.ts';

/** What the kubeadm that is installed renders from the same configuration, or why it cannot be asked. */
export type Baseline = { kubernetes: string; manifests: Manifests } | { missing: string };

export interface Look {
  installed: Manifests;
  rendered: Manifests;
  baseline: Baseline;
  /** Those that are as the last operation left them. */
  asLeft: ReadonlySet<StaticPodName>;
}

export interface Judgement {
  /** For the log. */
  differences: string[];
  /** Empty: the control plane may be flipped. Each names what was got and what was expected. */
  reasons: string[];
  etcdMinorChanges: boolean;
}

/** More of one manifest are only counted: the message has an end. */
const TOLD = 4;

/** Errors: StatusError Failed when a manifest is no pod. */
export function judgeFlip(look: Look): Judgement {
  const { installed, rendered, baseline, asLeft } = look;
  const [differences, reasons]: [string[], string[]] = [[], []];
  for (const name of STATIC_PODS) {
    const [from, to] = [fieldsOf(installed, name), fieldsOf(rendered, name)];
    const old = 'manifests' in baseline ? fieldsOf(baseline.manifests, name) : undefined;
    const found = manifestDifference(from, to);
    differences.push(...found.map((difference) => `${name}: ${describeDifference(difference)}`));
    const judged = { installed: from, rendered: to, baseline: old, isAsLeft: asLeft.has(name) };
    if (isOlderImage(from, to)) {
      const [got, expected] = [shown(from.get('image')), shown(to.get('image'))];
      reasons.push(`${manifestFile(name)}: image: got ${got}, expected nothing newer than ${expected}`);
    }
    reasons.push(...reasonsOf(name, unexpectedDifferences(name, judged), { baseline, old }));
  }
  const minor = minorChanges(fieldsOf(installed, 'etcd'), fieldsOf(rendered, 'etcd'));
  if (minor === undefined) {
    reasons.push(`${manifestFile('etcd')}: image: got a tag that is no version, expected one like 3.5.24-0`);
  }
  if (differences.length === 0)
    reasons.push('the manifests are as the new kubeadm renders them: nothing to flip');
  return { differences, reasons, etcdMinorChanges: minor ?? false };
}

function reasonsOf(
  name: StaticPodName,
  unexpected: readonly Difference[],
  { baseline, old }: { baseline: Baseline; old: Fields | undefined },
): string[] {
  if (unexpected.length === 0) return [];
  const file = manifestFile(name);
  if (!('manifests' in baseline)) {
    const fields = listed(unexpected.map(({ field }) => field));
    return [`${file}: cannot tell a hand edit from kubeadm's own in ${fields}: ${baseline.missing}`];
  }
  const told = unexpected.map(({ field, from }) => {
    const expected = `${shown(old?.get(field))} of kubeadm ${baseline.kubernetes}`;
    return `${field}: got ${shown(from)}, expected ${expected}`;
  });
  return [`${file}: edited by hand, or made by another configuration: ${listed(told, '; ')}`];
}

function listed(all: readonly string[], separator = ', '): string {
  const more = all.length - TOLD;
  return [...all.slice(0, TOLD), ...(more > 0 ? [`and ${more} more`] : [])].join(separator);
}

function fieldsOf(manifests: Manifests, name: StaticPodName): Fields {
  return manifestFields(manifests.get(name) ?? Buffer.of(), name);
}
