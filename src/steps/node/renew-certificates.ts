// By hand: kubeadm's certificates of a control-plane node made anew before they expire, and what has read the old ones restarted.
import { RENEW_CERTIFICATES } from '../../api/steps.ts';
import type { Host } from '../host/host.ts';
import { inspectCertificates, type CertificateFacts } from './certificates.ts';
import { apiServerProblems } from './control-plane-health.ts';
import { inspectLayout } from './layout.ts';
import type { Action, NodeStep } from './node-step.ts';
import { endStaticPod, outdatedProcesses, readStaticPods } from './static-pod-processes.ts';
import type { StaticPodName } from './static-pods.ts';

/** kubeadm's are good for a year. */
export const RENEW_BEFORE_DAYS = 60;
const PKI = '/etc/kubernetes/pki';
const KUBEADM_SECONDS = 300;

export const renewCertificates: NodeStep = {
  name: RENEW_CERTIFICATES.name,
  prepare: async (host, { plan }) => {
    if (plan.role === 'worker') {
      return { refusals: [], actions: [], notes: ['a worker has the kubelet renew its own certificate'] };
    }
    const { kubeadm } = await inspectLayout(host);
    const facts = await renewable(host);
    const due = facts.filter((certificate) => isDue(certificate, host.clock.now()));
    const outdated = await outdatedPods(host, facts);
    return {
      refusals: due.length === 0 ? [] : await authorityRefusals(host),
      actions: due.length > 0 ? [renewal(kubeadm, due), restart] : outdated.size > 0 ? [restart] : [],
      notes: facts.length > 0 && due.length === 0 ? [firstToExpire(facts)] : [],
    };
  },
  problems: async (host, { plan }) => {
    if (plan.role === 'worker') return [];
    const facts = await renewable(host);
    const outdated = await outdatedPods(host, facts);
    return [
      ...facts
        .filter((certificate) => isDue(certificate, host.clock.now()))
        .map(({ path }) => `${path}: got one that expires within ${RENEW_BEFORE_DAYS} days`),
      ...[...outdated].map(([name, path]) => `${name}: started before ${path} changed`),
      ...(await apiServerProblems(host)),
    ];
  },
  /** Each new certificate is good beside the old ones: the step is only done again. */
  restoration: async () => 'forward',
};

/** Neither authorities, which kubeadm does not renew, nor the kubelet's own, which the kubelet does. */
async function renewable(host: Host): Promise<CertificateFacts[]> {
  const all = await inspectCertificates(host, 'control-plane');
  return all.filter(({ path }) => !path.endsWith('ca.crt') && !isKubelets(path));
}

function isKubelets(path: string): boolean {
  return path.startsWith('/var/lib/kubelet/') || path === '/etc/kubernetes/kubelet.conf';
}

/** What cannot be read has to be made anew, too. */
function isDue({ validity }: CertificateFacts, now: Date): boolean {
  return (
    validity === undefined || validity.notAfter.getTime() - now.getTime() < RENEW_BEFORE_DAYS * 86_400_000
  );
}

function firstToExpire(facts: readonly CertificateFacts[]): string {
  const times = facts.flatMap(({ path, validity }) => (validity ? [{ path, at: validity.notAfter }] : []));
  const [first] = times.sort((a, b) => a.at.getTime() - b.at.getTime());
  return first === undefined
    ? 'no certificates'
    : `${first.path} expires first, ${first.at.toISOString().slice(0, 10)}`;
}

/** kubeadm would leave out what it has no key for, and say so only in its log. */
async function authorityRefusals(host: Host): Promise<string[]> {
  const now = host.clock.now();
  const all = await inspectCertificates(host, 'control-plane');
  const authorities = all.filter(({ path }) => path.startsWith(PKI) && path.endsWith('ca.crt'));
  const refusals: string[] = [];
  for (const { path, validity } of authorities) {
    const key = path.replace(/crt$/, 'key');
    if ((await host.files.status(key)) === undefined) {
      refusals.push(`${key}: absent: only who holds that authority's key can renew its certificates`);
    }
    if (validity === undefined || validity.notAfter <= now) {
      refusals.push(`${path}: got an authority that has expired, expected a valid one: replace it by hand`);
    }
  }
  return refusals;
}

function renewal(kubeadm: string, due: readonly CertificateFacts[]): Action {
  const change = { what: due.map(({ path }) => path).join(', '), to: 'made anew' };
  return { do: 'run', argv: [kubeadm, 'certs', 'renew', 'all'], timeoutSeconds: KUBEADM_SECONDS, change };
}

/** Also of what was renewed by an attempt that was killed, or by hand. */
const restart: Action = {
  do: 'work',
  what: 'restart the static pods that have read older certificates',
  perform: async (host) => {
    for (const [name, path] of await outdatedPods(host, await renewable(host))) {
      host.log(`${name}: started before ${path} changed`);
      await endStaticPod(host, name);
    }
  },
};

async function outdatedPods(
  host: Host,
  facts: readonly CertificateFacts[],
): Promise<Map<StaticPodName, string>> {
  return outdatedProcesses(
    host,
    await readStaticPods(host),
    facts.map(({ path }) => path),
  );
}
