// Do the new programs take the flags that their manifests give them? A feature gate that is gone, a flag that was removed:
// the new API server would end again and again. The programs are asked themselves, while the old control plane serves.
import { basename } from 'node:path/posix';
import { StatusError } from '../../../api/errors.ts';
import type { Argv, CommandResult, Host } from '../../host/host.ts';
import { parseStaticPod, STATIC_PODS, type StaticPod, type StaticPodName } from '../static-pods.ts';
import { renderedFile } from './flip-folder.ts';
import { unpackedPrograms } from './unpacked-programs.ts';

const ASK_SECONDS = 20;
const MAX_COMPLAINT = 300;
const SAYS_VERSION = /^(?:Kubernetes v|etcd Version: )(\S+)/m;

/**
 * Empty: they take them, or cannot be asked (then it is found out as before: the flip goes back). Errors: StatusError Failed
 * when a rendered manifest is no pod.
 */
export async function rejectedFlags(host: Host, operation: string): Promise<string[]> {
  const rejected: string[] = [];
  for (const name of STATIC_PODS) {
    const content = await host.files.read(renderedFile(operation, name));
    if (content === undefined) continue;
    const pod = parseStaticPod(content, name);
    const said = await complaintOf(host, operation, name, pod);
    if (said !== undefined) {
      const given = 'the flags of its new manifest (extraArgs or patches)';
      rejected.push(`${name} ${pod.tag ?? ''}: got ${said}, expected that it takes ${given}`);
    }
  }
  return rejected;
}

async function complaintOf(
  host: Host,
  operation: string,
  name: StaticPodName,
  pod: StaticPod,
): Promise<string | undefined> {
  const [program = '', ...args] = pod.command;
  // Something that starts it, or a value that only the kubelet can fill in.
  const isPlain = basename(program) === name && args.every((word) => !word.includes('$('));
  const path = isPlain ? await programOf(host, operation, name, pod) : undefined;
  const result = path === undefined ? undefined : await ask(host, [path, ...args, '--version']);
  if (result === undefined) {
    host.log(`${name}: the new program is not found, and not asked whether it takes its flags`);
    return undefined;
  }
  return result.code === 0 ? undefined : complaint(result);
}

/** One that starts on this host, and says that it is what the image's tag says. */
async function programOf(
  host: Host,
  operation: string,
  name: StaticPodName,
  { tag }: StaticPod,
): Promise<string | undefined> {
  for (const path of (await unpackedPrograms(host, operation, name)) ?? []) {
    const result = await ask(host, [path, '--version']);
    const version = result?.code === 0 ? SAYS_VERSION.exec(result.stdout)?.[1] : undefined;
    if (version !== undefined && isTagOf(tag, version)) return path;
  }
  return undefined;
}

/** Tags have no `+`; those of etcd's images end with the number of their build. */
function isTagOf(tag: string | undefined, version: string): boolean {
  const tagged = version.replaceAll('+', '_');
  return tag !== undefined && [tagged, `v${tagged}`].some((one) => tag === one || tag.startsWith(`${one}-`));
}

/** All of them look at their flags first, print their version then, and do nothing else. undefined: it does not start. */
async function ask(host: Host, argv: Argv): Promise<CommandResult | undefined> {
  try {
    return await host.run(argv, { timeoutSeconds: ASK_SECONDS });
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** Kubernetes' programs say it last, some below their usage; etcd says it first, above it. */
function complaint({ code, stderr }: CommandResult): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const said = lines.flatMap(
    (line) => /^Error: (.*)|"command failed" err="(.*)"$/.exec(line)?.slice(1) ?? [],
  );
  const line = said.findLast((text) => text) ?? lines[0] ?? `exit code ${code}`;
  return line.slice(0, MAX_COMPLAINT);
}
