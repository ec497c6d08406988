// The container runtime of this node: is it ready, which images does it have?
import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import { parseJson } from '../../api/json.ts';
import type { Argv, Host, RunOptions } from '../host/host.ts';
import { commandLine, lastLines } from '../host/output.ts';
import type { HostLayout } from './layout.ts';

/** Where image-builder, packages and people put it. */
const CRICTL_PLACES = ['/usr/local/bin', '/usr/bin', '/usr/local/sbin', '/usr/sbin', '/opt/bin'].map(
  (folder) => `${folder}/crictl`,
);

const MAX_MESSAGE = 400;

const infoSchema = z.object({
  status: z.object({
    conditions: z.array(
      z.object({ type: z.string(), status: z.boolean().default(false), reason: z.string().default('') }),
    ),
  }),
});
const imagesSchema = z.object({
  images: z.array(z.object({ repoTags: z.array(z.string()).nullish() })).nullish(),
});

/** undefined: this host has none; kubeadm can do without. */
export async function findCrictl(host: Host): Promise<string | undefined> {
  for (const path of CRICTL_PLACES) if ((await host.files.resolve(path)) !== undefined) return path;
  return undefined;
}

/** Empty: it can run pods and give them a network. Of `crictl info`. */
export function runtimeProblems(info: string): string[] {
  const parsed = infoSchema.safeParse(parseJson(info));
  if (!parsed.success) return ['crictl info: got an answer that cannot be read'];
  return ['RuntimeReady', 'NetworkReady'].flatMap((type) => {
    const condition = parsed.data.status.conditions.find((candidate) => candidate.type === type);
    if (condition?.status === true) return [];
    const got = condition === undefined ? 'nothing' : `false (${condition.reason})`;
    return [`container runtime: ${type}: got ${got}, expected true`];
  });
}

/** Names with tags; more may be among them. Errors: StatusError Failed. */
export async function runtimeImages(
  host: Host,
  { containerd }: Pick<HostLayout, 'containerd'>,
): Promise<ReadonlySet<string>> {
  const crictl = await findCrictl(host);
  if (crictl !== undefined) {
    const answer = imagesSchema.safeParse(parseJson(await output(host, [crictl, 'images', '-o', 'json'])));
    if (!answer.success) throw failed('crictl images: got an answer that cannot be read');
    return new Set((answer.data.images ?? []).flatMap(({ repoTags }) => repoTags ?? []));
  }
  if (containerd === undefined)
    throw failed('images: got neither crictl nor containerd, expected one to ask');
  const lines = await output(host, [`${dirname(containerd)}/ctr`, '-n', 'k8s.io', 'images', 'ls', '-q']);
  return new Set(lines.split('\n').filter((line) => line !== ''));
}

/** What the program writes to stdout. Errors: StatusError Failed with the end of what it wrote to stderr. */
export async function output(host: Host, argv: Argv, options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await host.run(argv, options);
  if (code === 0) return stdout;
  throw failed(`${commandLine(argv)}: exit code: got ${code}, expected 0: ${lastLines(stderr, MAX_MESSAGE)}`);
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}

/** Of `ctr version`, which tells its own version first. Pure. */
export function serverVersion(text: string): string | undefined {
  return /^Server:\s+Version:\s+(\S+)/m.exec(text)?.[1];
}
