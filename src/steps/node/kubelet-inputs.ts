// What must be made right in the kubelet's files before a kubelet of another version starts: its flags, and its API server.
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import {
  parseFlagFile,
  removedFlags,
  setFlags,
  unknownFlags,
  withoutFlags,
  type FlagFile,
} from './kubelet-flags.ts';
import { KUBELET_CONFIGURATION_FILE } from './kubelet-configuration.ts';
import type { HostLayout } from './layout.ts';
import type { Action, StepContext } from './node-step.ts';
import { localApiServer } from './static-pods.ts';

type Write = Extract<Action, { do: 'write' }>;

export interface KubeletFlags {
  /** As they are to be: without the flags that are gone. */
  files: readonly FlagFile[];
  writes: readonly Write[];
  /** Where the kubelet finds its own configuration, and who it is to the API server. */
  configurationFile: string;
  kubeconfigFile: string;
  /** undefined: none. */
  dropInFolder: string | undefined;
}

/** Errors: StatusError Failed. */
export async function inspectFlags(
  host: Host,
  { kubeletFlagFiles }: HostLayout,
  kubernetes: string,
): Promise<KubeletFlags> {
  const removed = removedFlags(kubernetes);
  const files: FlagFile[] = [];
  const writes: Write[] = [];
  for (const path of kubeletFlagFiles) {
    const [content, status] = [await host.files.read(path), await host.files.status(path)];
    // Byte by byte: what is no UTF-8 stays what it is.
    const before = content?.toString('latin1') ?? '';
    const text = withoutFlags(before, removed);
    files.push({ path, text });
    if (text === before) continue;
    const gone = parseFlagFile(before).filter(({ name }) => removed.includes(name));
    const names = [...new Set(gone.map(({ name }) => `--${name}`))].join(', ');
    const [bytes, mode] = [Buffer.from(text, 'latin1'), status?.mode ?? 0o644];
    writes.push({ do: 'write', path, content: bytes, mode, change: { what: `${path}: without ${names}` } });
  }
  const flags = files.flatMap(({ text }) => parseFlagFile(text));
  const value = (name: string): string | undefined => flags.findLast((flag) => flag.name === name)?.value;
  return {
    files,
    writes,
    configurationFile: value('config') ?? KUBELET_CONFIGURATION_FILE,
    kubeconfigFile: value('kubeconfig') ?? '/etc/kubernetes/kubelet.conf',
    dropInFolder: value('config-dir'),
  };
}

/**
 * The files that a kubelet reads when it starts. Not kubelet.conf: the kubelet writes it itself, after its start on a node
 * that has just joined; it changes here only together with the program.
 */
export async function kubeletInputs(
  host: Host,
  layout: Pick<HostLayout, 'kubeletFlagFiles' | 'kubeletUnitFiles'>,
  { dropInFolder, configurationFile }: KubeletFlags,
): Promise<string[]> {
  const dropIns = dropInFolder === undefined ? [] : await host.files.list(dropInFolder);
  return [
    configurationFile,
    ...dropIns.map((name) => `${dropInFolder}/${name}`),
    ...new Set([...layout.kubeletFlagFiles, ...layout.kubeletUnitFiles]),
  ];
}

/** Flags that the kubelet at this path would not start with: on the node, and those that the step `configure` writes. */
export async function flagRefusals(
  host: Host,
  { files }: KubeletFlags,
  { plan, desired }: StepContext,
  kubelet: string,
): Promise<readonly string[]> {
  const removed = removedFlags(plan.kubernetes);
  const wanted = (desired?.kubeletExtraArgs ?? []).filter(({ name }) => !removed.includes(name));
  const asked = { path: 'kubeletExtraArgs', text: setFlags('', wanted) };
  const { stdout } = await host.run([kubelet, '--help']);
  return unknownFlags([...files, asked], stdout).map(
    ({ path, name }) => `${path}: got --${name}, which kubelet ${plan.kubernetes} does not know`,
  );
}

/**
 * On a control-plane node: a newer kubelet must not talk to an older API server, which another address may lead to, or pods
 * stay unadmitted (kubernetes#127316). undefined: nothing to write. Errors: StatusError Failed when the file has not
 * exactly one server.
 */
export async function localServerWrite(host: Host, path: string): Promise<Write | undefined> {
  const server = await localApiServer(host);
  const content = (await host.files.read(path))?.toString('latin1');
  if (server === undefined || content === undefined) return undefined;
  const lines = [...content.matchAll(/^([ \t]*(?:- )?server:[ \t]*)(\S+)/gm)];
  const [line] = lines;
  if (lines.length !== 1 || line === undefined) {
    throw new StatusError(`${path}: got ${lines.length} lines with a server, expected 1`, {
      reason: 'Failed',
    });
  }
  const [all, key = '', quoted = ''] = line;
  const from = quoted.replace(/^(["'])(.*)\1$/, '$2');
  if (from === server) return undefined;
  const text = `${content.slice(0, line.index)}${key}${server}${content.slice(line.index + all.length)}`;
  const change = { what: `${path}: server`, from, to: server };
  return { do: 'write', path, content: Buffer.from(text, 'latin1'), mode: 0o600, change };
}
