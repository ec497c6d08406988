// What a manifest of a static pod says, thing by thing, so that two of them can be compared. Pure.
import { parse } from 'yaml';
import { isObject, type JsonObject } from '../../../api/json.ts';
import { parseStaticPod, type StaticPodName } from '../static-pods.ts';

export interface Field {
  /** For comparison; for people only if `isShown`. */
  text: string;
  /** False: its value may be a secret. */
  isShown: boolean;
}

/**
 * By name: `image` and `--flag` are those of the component's own container; all else is a path like
 * `spec.volumes.etcd-data.hostPath.path`.
 */
export type Fields = ReadonlyMap<string, Field>;

/** What identifies an entry of such a list; entries of other lists by their place. */
const KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
};
const SECRET_FLAG = /token|passw|secret/;
/** Of the component's own container. Nothing is shown of others, which patches may have brought. */
const SECRET_FIELD = /^(env|envFrom|lifecycle|\w+Probe\.(exec|httpGet\.httpHeaders))(\.|$)/;
const COMMAND = /^(command|args)(\.|$)/;

/** Errors: StatusError Failed when it is no pod; never what is in it. */
export function manifestFields(content: Uint8Array, name: StaticPodName): Fields {
  parseStaticPod(content, name);
  const pod: unknown = parse(Buffer.from(content).toString());
  const fields = new Map<string, Field>();
  if (!isObject(pod)) return fields;
  const own = `spec.containers.${name}.`;
  walk(pod, '', (path, text) => {
    const inOwn = path.startsWith(own) ? path.slice(own.length) : undefined;
    // The status is the kubelet's; some versions write an empty one.
    if (/^status(\.|$)/.test(path) || (inOwn !== undefined && COMMAND.test(inOwn))) return;
    const isShown = inOwn === undefined ? path.startsWith('spec.volumes.') : !SECRET_FIELD.test(inOwn);
    fields.set(unused(fields, inOwn === 'image' ? inOwn : path), { text, isShown });
  });
  addCommand(fields, ownContainer(pod, name));
  return fields;
}

type Visit = (path: string, text: string) => void;

/** What is null is not there: kubeadm before 1.34 writes `creationTimestamp: null`. */
function walk(value: unknown, path: string, visit: Visit): void {
  if (value === undefined || value === null) return;
  const entries = entriesOf(value, path.slice(path.lastIndexOf('.') + 1));
  if (entries === undefined) return visit(path, JSON.stringify(value));
  // `emptyDir: {}` says something.
  if (entries.length === 0) return visit(path, '{}');
  for (const [key, item] of entries) walk(item, path === '' ? key : `${path}.${key}`, visit);
}

/** undefined: it has none, it is a text, a number or the like. */
function entriesOf(value: unknown, name: string): [string, unknown][] | undefined {
  if (!Array.isArray(value)) return isObject(value) ? Object.entries(value) : undefined;
  const key = KEYS[name];
  return value.map((item: unknown, index) => {
    const given = key !== undefined && isObject(item) ? item[key] : undefined;
    return [typeof given === 'string' ? given : String(index), item];
  });
}

/** Two entries of one name are two things. */
function unused(fields: Fields, path: string): string {
  let [free, number] = [path, 2];
  while (fields.has(free)) free = `${path}#${number++}`;
  return free;
}

/** By flag, in whatever order they are; of one that is given twice the order counts. */
function addCommand(fields: Map<string, Field>, container: JsonObject): void {
  const plain: string[] = [];
  for (const word of [...texts(container['command']), ...texts(container['args'])]) {
    const [, flag, value = 'true'] = /^(--[^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (flag === undefined) {
      plain.push(word);
      continue;
    }
    const before = fields.get(flag)?.text;
    const text = before === undefined ? JSON.stringify(value) : `${before} ${JSON.stringify(value)}`;
    fields.set(flag, { text, isShown: !SECRET_FLAG.test(flag) });
  }
  fields.set('command', { text: JSON.stringify(plain), isShown: false });
}

function ownContainer(pod: JsonObject, name: StaticPodName): JsonObject {
  const containers = isObject(pod['spec']) ? pod['spec']['containers'] : undefined;
  const all = Array.isArray(containers) ? containers.filter(isObject) : [];
  return all.find((container) => container['name'] === name) ?? {};
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
