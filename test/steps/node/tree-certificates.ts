// Real certificates as kubeadm lays them out; EC keys, so that a whole set takes milliseconds.
import { generate } from 'selfsigned';
import { stringify } from 'yaml';

export interface Certificate {
  cert: string;
  key: string;
}

/** Self-signed without a CA. Default dates are around the time at which fakeClock starts. */
export async function makeCertificate(
  commonName: string,
  options: { ca?: Certificate; notBefore?: string; notAfter?: string } = {},
): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(options.notBefore ?? '2025-06-01T00:00:00Z'),
    notAfterDate: new Date(options.notAfter ?? '2026-06-01T00:00:00Z'),
    extensions: [{ name: 'basicConstraints', cA: options.ca === undefined, critical: true }],
    ...(options.ca && { ca: options.ca }),
  });
  return { cert: made.cert, key: made.private };
}

/** /etc/kubernetes/*.conf with its client certificate inside, or a file that holds it. */
export function kubeconfig(server: string, ca: string, user: Certificate | string): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const credentials =
    typeof user === 'string'
      ? { 'client-certificate': user, 'client-key': user }
      : { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    contexts: [{ name: 'default', context: { cluster: 'lab', user: 'user' } }],
    'current-context': 'default',
    users: [{ name: 'user', user: credentials }],
  });
}

/** A link to the newest one. */
export const CURRENT_KUBELET = '/var/lib/kubelet/pki/kubelet-client-current.pem';
const PKI = '/etc/kubernetes/pki';

/** Paths and contents of a control-plane node's certificates and kubeconfigs; a worker has few of them. */
export async function certificateFiles(
  role: 'control-plane' | 'worker',
  server: string,
): Promise<[string, string][]> {
  const ca = await makeCertificate('kubernetes', { notAfter: '2035-06-01T00:00:00Z' });
  const kubelet = await makeCertificate('system:node:node-1', { ca });
  const common: [string, string][] = [
    [`${PKI}/ca.crt`, ca.cert],
    ['/var/lib/kubelet/pki/kubelet-client-2025-06-01-00-00-00.pem', kubelet.cert + kubelet.key],
    ['/etc/kubernetes/kubelet.conf', kubeconfig(server, ca.cert, CURRENT_KUBELET)],
  ];
  if (role === 'worker') return common;
  const [etcdCa, proxyCa] = await Promise.all([
    makeCertificate('etcd-ca', { notAfter: '2035-06-01T00:00:00Z' }),
    makeCertificate('front-proxy-ca', { notAfter: '2035-06-01T00:00:00Z' }),
  ]);
  const pairs: [string, string, Certificate][] = [
    ['apiserver', 'kube-apiserver', ca],
    ['apiserver-kubelet-client', 'kube-apiserver-kubelet-client', ca],
    ['apiserver-etcd-client', 'kube-apiserver-etcd-client', etcdCa],
    ['front-proxy-client', 'front-proxy-client', proxyCa],
    ['etcd/server', 'node-1', etcdCa],
    ['etcd/peer', 'node-1', etcdCa],
    ['etcd/healthcheck-client', 'kube-etcd-healthcheck-client', etcdCa],
  ];
  const users: [string, string][] = [
    ['admin', 'kubernetes-admin'],
    ['super-admin', 'kubernetes-super-admin'],
    ['controller-manager', 'system:kube-controller-manager'],
    ['scheduler', 'system:kube-scheduler'],
  ];
  const pair = (name: string, { cert, key }: Certificate): [string, string][] => [
    [`${PKI}/${name}.crt`, cert],
    [`${PKI}/${name}.key`, key],
  ];
  const made = await Promise.all([
    ...pairs.map(async ([name, user, by]) => pair(name, await makeCertificate(user, { ca: by }))),
    ...users.map(async ([name, user]): Promise<[string, string][]> => [
      [`/etc/kubernetes/${name}.conf`, kubeconfig(server, ca.cert, await makeCertificate(user, { ca }))],
    ]),
  ]);
  return [
    ...common,
    [`${PKI}/ca.key`, ca.key],
    ...pair('etcd/ca', etcdCa),
    ...pair('front-proxy-ca', proxyCa),
    ...made.flat(),
  ];
}
