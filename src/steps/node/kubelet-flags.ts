// The kubelet's flags in the files that give them: found, taken out and set, with every other byte kept. Pure.
import { StatusError } from '../../api/errors.ts';
import { parseVersion } from '../../api/version.ts';
import { environmentAssignments, splitWords, unitSettings, type Word } from './systemd-words.ts';

export interface KubeletFlag {
  /** Without dashes, `_` as `-`, as the kubelet itself takes it. */
  name: string;
  /** undefined: none was given. */
  value: string | undefined;
}

export interface FlagFile {
  path: string;
  text: string;
}

/**
 * Flags that a kubelet of this minor version or a newer one refuses, and that meant nothing any more to the last one that
 * took them on a node with containerd, so that they can be dropped without a question. Others (--housekeeping-interval,
 * --dynamic-config-dir, ...) mean something to whoever set them: they are left to unknownFlags.
 */
const REMOVED: readonly { minor: number; names: readonly string[] }[] = [
  {
    minor: 24, // all of dockershim's
    names: [
      ...['network-plugin', 'network-plugin-mtu', 'cni-bin-dir', 'cni-cache-dir', 'cni-conf-dir', 'docker'],
      ...['docker-endpoint', 'docker-env-metadata-whitelist', 'docker-only', 'docker-root', 'docker-tls'],
      ...['docker-tls-ca', 'docker-tls-cert', 'docker-tls-key', 'experimental-dockershim-root-directory'],
      ...['image-pull-progress-deadline', 'non-masquerade-cidr'],
    ],
  },
  { minor: 27, names: ['container-runtime', 'master-service-namespace'] },
  { minor: 31, names: ['iptables-drop-bit', 'iptables-masquerade-bit'] },
  { minor: 34, names: ['cloud-config', 'register-schedulable'] },
  { minor: 35, names: ['pod-infra-container-image'] },
  {
    minor: 37, // cAdvisor's, registered by mistake
    names: [
      ...['application-metrics-count-limit', 'boot-id-file', 'container-hints', 'containerd'],
      ...[
        'containerd-namespace',
        'enable-load-reader',
        'event-storage-age-limit',
        'event-storage-event-limit',
      ],
      ...['global-housekeeping-interval', 'log-cadvisor-usage', 'machine-id-file', 'storage-driver-db'],
      ...['storage-driver-buffer-duration', 'storage-driver-host', 'storage-driver-password'],
      ...['storage-driver-secure', 'storage-driver-table', 'storage-driver-user'],
    ],
  },
];

/** `kubernetes` like v1.35.0. */
export function removedFlags(kubernetes: string): readonly string[] {
  const { minor } = parseVersion(kubernetes, 'kubernetes');
  return REMOVED.filter((row) => row.minor <= minor).flatMap(({ names }) => names);
}

/** Flags in an environment file's KUBELET_* variables, or in a unit's Environment= and ExecStart= of the kubelet; in order. */
export function parseFlagFile(text: string): readonly KubeletFlag[] {
  return wordLists(text)
    .flatMap(placedFlags)
    .map(({ name, value }) => ({ name, value }));
}

/** Errors: StatusError Failed when the flags cannot be cut out and all others kept. */
export function withoutFlags(text: string, names: readonly string[]): string {
  const kept = parseFlagFile(text).filter(({ name }) => !names.includes(name));
  let rest = text;
  for (;;) {
    const shorter = withoutFirst(rest, names);
    if (shorter === undefined) break;
    rest = shorter;
  }
  if (JSON.stringify(parseFlagFile(rest)) !== JSON.stringify(kept)) {
    throw new StatusError(`flags ${names.join(', ')}: got a quoting in which they cannot be taken out`, {
      reason: 'Failed',
    });
  }
  return rest;
}

/**
 * The text of kubeadm-flags.env in which these names have these values and no others; the same text when they have.
 * A name may be given more than once. An empty text is an absent file. Errors: StatusError Failed as withoutFlags.
 */
export function setFlags(text: string, flags: readonly { name: string; value: string }[]): string {
  const present = parseFlagFile(text);
  const values = (list: readonly KubeletFlag[], name: string): string =>
    JSON.stringify(list.filter((flag) => flag.name === name).map(({ value }) => value));
  const differ = flags.filter(({ name }) => values(present, name) !== values(flags, name));
  if (differ.length === 0) return text;
  const rest = withoutFlags(
    text,
    differ.map(({ name }) => name),
  );
  const added = differ.map(({ name, value }) => `--${name}=${quoteWord(value)}`);
  const assignment = environmentAssignments(rest).findLast(({ name }) => name.startsWith('KUBELET_'));
  if (!assignment) {
    const lineBreak = rest === '' || rest.endsWith('\n') ? '' : '\n';
    return `${rest}${lineBreak}KUBELET_KUBEADM_ARGS="${escapeQuoted(added.join(' '))}"\n`;
  }
  const words = [assignment.value.trim(), ...added].filter((word) => word !== '');
  return `${rest.slice(0, assignment.from)}"${escapeQuoted(words.join(' '))}"${rest.slice(assignment.to)}`;
}

/**
 * Flags that this kubelet would not start with. `helpText`: what its --help prints. Errors: StatusError Failed when that
 * is no list of flags.
 */
export function unknownFlags(
  files: readonly FlagFile[],
  helpText: string,
): readonly { path: string; name: string }[] {
  const known = new Set(
    [...helpText.matchAll(/^ {2}(?:-(\w), | {4})--([^\s=[]+)/gm)].flatMap(([, short = '', long = '']) => [
      short,
      long,
    ]),
  );
  if (!known.has('config') || !known.has('kubeconfig')) {
    throw new StatusError('kubelet --help: got no list of flags with --config and --kubeconfig', {
      reason: 'Failed',
    });
  }
  return files.flatMap(({ path, text }) =>
    parseFlagFile(text).flatMap(({ name }) => (known.has(name) ? [] : [{ path, name }])),
  );
}

type PlacedFlag = KubeletFlag & { from: number; to: number };

/** Words that stand in one command line or variable together. */
function wordLists(text: string): readonly (readonly Word[])[] {
  const isKubelet = (name: string): boolean => name.startsWith('KUBELET_');
  if (!/^\s*\[[A-Z]\w+\]\s*$/m.test(text)) {
    return environmentAssignments(text)
      .filter(({ name }) => isKubelet(name))
      .map(({ words }) => words);
  }
  return unitSettings(text).flatMap(({ section, name, words }) => {
    if (section === 'Service' && name === 'ExecStart') {
      return /(^|\/)kubelet$/.test(words[0]?.text ?? '') ? [words.slice(1)] : [];
    }
    if (section !== 'Service' || name !== 'Environment') return [];
    return words
      .filter((word) => isKubelet(word.text))
      .map((word) => splitWords(word.characters.slice(word.text.indexOf('=') + 1)));
  });
}

const LONG = /^--([^-=][^=]*)(?:=(.*))?$/s;
const SHORT = /^-([A-Za-z])=?(.+)?$/s;

/** `--name=value`, `--name value`, `--name`, `-v=2`, `-v 2`, `-v2`. The kubelet takes nothing but flags. */
function placedFlags(words: readonly Word[]): PlacedFlag[] {
  return words.flatMap((word, index): PlacedFlag[] => {
    const [, name, value] = LONG.exec(word.text) ?? SHORT.exec(word.text) ?? [];
    if (name === undefined) return [];
    const flag = { name: name.replaceAll('_', '-'), value, from: word.from, to: word.to };
    const next = words[index + 1];
    if (value !== undefined || !next || !isValue(next.text)) return [flag];
    return [{ ...flag, value: next.text, to: next.to }];
  });
}

/** `$NAME` is split into words of its own, which are flags; `-1` is a number. */
function isValue(word: string): boolean {
  return /^-\d/.test(word) || !/^(-|\$[A-Za-z_])/.test(word);
}

/** With the blanks after it, or before it when it is the last one. */
function withoutFirst(text: string, names: readonly string[]): string | undefined {
  for (const words of wordLists(text)) {
    const flag = placedFlags(words).find(({ name }) => names.includes(name));
    if (!flag) continue;
    const before = words.findLast(({ to }) => to <= flag.from);
    const after = words.find(({ from }) => from >= flag.to);
    const from = after ? flag.from : (before?.to ?? flag.from);
    return text.slice(0, from) + text.slice(after?.from ?? flag.to);
  }
  return undefined;
}

/** For the splitting of `$NAME`. */
function quoteWord(value: string): string {
  return /[\s"'\\]/.test(value) ? `"${escapeQuoted(value)}"` : value;
}

/** As kubeadm writes the file. */
function escapeQuoted(value: string): string {
  return value.replaceAll(/["\\]/g, '\\$&');
}
