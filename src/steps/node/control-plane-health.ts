// Is the control plane of this node there, judged by its own health ports? Nothing here asks another machine.
import { StatusError } from '../../api/errors.ts';
import { member, parseJson, type JsonValue } from '../../api/json.ts';
import { awaitNoProblems } from '../host/effect.ts';
import type { Host, HttpAnswer, HttpRequest } from '../host/host.ts';
import { urlHost } from '../host/url-host.ts';
import { etcdMembers } from './etcd.ts';
import { apiServerUrl, manifestFile, readStaticPod } from './static-pods.ts';

/** With a version, as the kubelet starts a static pod; each has a manifest of its own. */
const VERSIONED_PODS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const HEALTH_PORTS = { 'kube-controller-manager': '10257', 'kube-scheduler': '10259' } as const;

const PKI = '/etc/kubernetes/pki';
const REQUEST_SECONDS = 5;
/** On a slow disk, with all pods of the node starting at the same time. */
const BOOT_SECONDS = 180;
const LOOK_SECONDS = 1;

/** Empty: all of it runs, and at this version. Errors: StatusError when it cannot even be asked. */
export async function controlPlaneProblems(host: Host, kubernetes: string): Promise<string[]> {
  const problems = await Promise.all([
    manifestProblems(host, kubernetes),
    apiServerProblems(host, kubernetes),
    ...(['kube-controller-manager', 'kube-scheduler'] as const).map((name) => healthProblems(host, name)),
    etcdProblems(host),
  ]);
  return problems.flat();
}

/** Manifests that are missing, or whose image has another tag. What has no tag (a digest by a patch) says nothing. */
export async function manifestProblems(host: Host, kubernetes: string): Promise<string[]> {
  // A tag takes no `+`: kubeadm does the same.
  const expected = kubernetes.replaceAll('+', '_');
  const problems: string[] = [];
  for (const name of VERSIONED_PODS) {
    const pod = await readStaticPod(host, name);
    const got = pod ? (pod.tag ?? expected) : 'no manifest';
    if (got !== expected) problems.push(`${manifestFile(name)}: got ${got}, expected ${expected}`);
  }
  return problems;
}

/** Of the one that listens on this node; `kubernetes`: the version that it must say it is. */
export async function apiServerProblems(host: Host, kubernetes?: string): Promise<string[]> {
  const pod = await readStaticPod(host, 'kube-apiserver');
  if (!pod) return [`${manifestFile('kube-apiserver')}: absent`];
  const url = apiServerUrl(pod);
  const tls = await apiServerTls(host);
  const ready = await ask(host, { url: `${url}/readyz`, tls });
  const problems = ready.status === 200 ? [] : [`kube-apiserver: /readyz: got ${ready.status}, expected 200`];
  if (kubernetes === undefined) return problems;
  const version = gitVersion((await ask(host, { url: `${url}/version`, tls })).body);
  return version === kubernetes
    ? problems
    : [...problems, `kube-apiserver: running: got ${version ?? 'no version'}, expected ${kubernetes}`];
}

/**
 * After a boot the kubelet needs a while to start the static pods again. Resolves when the API server of this node is ready,
 * or the time is over: what needs it says so itself then.
 */
export async function awaitOwnApiServer(host: Host): Promise<void> {
  const deadline = host.clock.monotonic() + BOOT_SECONDS;
  const waiting = { deadline, pollSeconds: LOOK_SECONDS, signal: undefined };
  await awaitNoProblems(host, "this node's API server", () => apiServerProblems(host), waiting);
}

/** /healthz needs no identity, and its certificate is nobody's that is known: nothing is sent, one word is read. */
async function healthProblems(host: Host, name: keyof typeof HEALTH_PORTS): Promise<string[]> {
  const flags = (await readStaticPod(host, name))?.flags;
  const port = flags?.get('secure-port') ?? HEALTH_PORTS[name];
  const { status } = await ask(host, {
    url: `https://${reachable(flags?.get('bind-address'))}:${port}/healthz`,
    tls: { ca: 'any' },
  });
  return status === 200 ? [] : [`${name}: /healthz: got ${status}, expected 200`];
}

/** Of the member on this node: that it reads through a quorum says enough of the others. */
async function etcdProblems(host: Host): Promise<string[]> {
  const name = (await readStaticPod(host, 'etcd'))?.flags.get('name');
  try {
    const members = await etcdMembers(host);
    if (typeof members === 'string') return [];
    const own = members.find((member) => member.name === name);
    if (!own) return [`etcd: got no member ${name ?? 'of this node'}`];
    return [
      ...(own.healthy ? [] : [`etcd: member ${own.name}: got unhealthy, expected healthy`]),
      ...(own.isLearner ? [`etcd: member ${own.name}: got a learner, expected a voting member`] : []),
    ];
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Unavailable') return [error.message];
    throw error;
  }
}

/** With the identity that kubeadm gives the API server towards kubelets: anonymous requests may be forbidden. */
async function apiServerTls(host: Host): Promise<NonNullable<HttpRequest['tls']>> {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'apiserver-kubelet-client.crt', 'apiserver-kubelet-client.key'].map(async (name) =>
      (await host.files.read(`${PKI}/${name}`))?.toString(),
    ),
  );
  if (ca === undefined) throw new StatusError(`${PKI}/ca.crt: absent`, { reason: 'Failed' });
  return { ca, ...(cert !== undefined && key !== undefined && { cert, key }) };
}

/** No answer is one, too. */
async function ask(
  host: Host,
  request: Pick<HttpRequest, 'url' | 'tls'>,
): Promise<Pick<HttpAnswer, 'body'> & { status: number | string }> {
  try {
    return await host.http({ ...request, timeoutSeconds: REQUEST_SECONDS });
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Unavailable')
      return { status: error.message, body: '' };
    throw error;
  }
}

/** Where a component that listens at this address is reached from its own host. */
function reachable(address: string | undefined): string {
  if (address === undefined || address === '0.0.0.0' || address === '::') return '127.0.0.1';
  return urlHost(address);
}

function gitVersion(body: string): string | undefined {
  const version = member(parseJson(body) as JsonValue | undefined, 'gitVersion');
  return typeof version === 'string' ? version : undefined;
}
