import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  certificateFindings,
  inspectCertificates,
  parseCertificate,
} from '../../../src/steps/node/certificates.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { CURRENT_KUBELET, kubeconfig, makeCertificate } from './tree-certificates.ts';
import { API_SERVER } from './tree-content.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const EXPIRED = { notAfter: '2025-12-31T23:59:59Z' };

let host: TestHost;
const write = (path: string, content: string): Promise<void> =>
  host.files.write(path, content, { mode: 0o600 });

describe('a node', () => {
  afterEach(() => host.remove());

  it('that is a control plane has all of them looked at, and they are valid', async () => {
    host = await createTestHost({ role: 'control-plane' });
    const found = await inspectCertificates(host, 'control-plane');
    expect(found.map(({ path }) => path)).toEqual([
      CURRENT_KUBELET,
      '/etc/kubernetes/admin.conf',
      '/etc/kubernetes/controller-manager.conf',
      '/etc/kubernetes/scheduler.conf',
      ...['apiserver-etcd-client', 'apiserver-kubelet-client', 'apiserver', 'ca', 'front-proxy-ca'].map(
        (name) => `/etc/kubernetes/pki/${name}.crt`,
      ),
      '/etc/kubernetes/pki/front-proxy-client.crt',
      ...['ca', 'healthcheck-client', 'peer', 'server'].map((name) => `/etc/kubernetes/pki/etcd/${name}.crt`),
    ]);
    expect(certificateFindings(found, NOW)).toEqual([]);
  });

  it('that is a worker has its own ones looked at', async () => {
    host = await createTestHost({ role: 'worker' });
    const found = await inspectCertificates(host, 'worker');
    expect(found.map(({ path }) => path)).toEqual([CURRENT_KUBELET, '/etc/kubernetes/pki/ca.crt']);
  });
});

describe('a certificate that expired', () => {
  beforeEach(async () => {
    host = await createTestHost({ role: 'control-plane' });
  });
  afterEach(() => host.remove());

  const expired = async (): Promise<string> => (await makeCertificate('x', EXPIRED)).cert;
  const conf = async (): Promise<string> =>
    kubeconfig(API_SERVER, await expired(), await makeCertificate('x', EXPIRED));

  it.each([
    ['/etc/kubernetes/pki/apiserver.crt', expired, 'run "kubeadm certs renew all"'],
    ['/etc/kubernetes/pki/etcd/server.crt', expired, 'run "kubeadm certs renew all"'],
    ['/etc/kubernetes/pki/etcd/ca.crt', expired, 'replace the CA by hand'],
    ['/etc/kubernetes/admin.conf', conf, 'run "kubeadm certs renew all"'],
    ['/etc/kubernetes/scheduler.conf', conf, 'run "kubeadm certs renew all"'],
    [CURRENT_KUBELET, expired, 'make a kubelet.conf'],
  ])('at %s is named with its date and what to do', async (path, make, remedy) => {
    await write(path, await make());
    const found = certificateFindings(await inspectCertificates(host, 'control-plane'), NOW);
    expect(found).toEqual([{ is: 'refusal', text: expect.stringContaining(remedy) }]);
    expect(found[0]?.text).toContain(
      `${path}: got a certificate that expired 2025-12-31, expected a valid one`,
    );
  });

  it('in a kubelet.conf counts only where the kubelet has not rotated it', async () => {
    const found = async () =>
      certificateFindings(await inspectCertificates(host, 'control-plane'), NOW).map(({ text }) => text);
    await write('/etc/kubernetes/kubelet.conf', await conf());
    expect(await found()).toEqual([]);
    await host.files.remove(CURRENT_KUBELET);
    expect(await found()).toEqual([
      expect.stringMatching(/^\/etc\/kubernetes\/kubelet\.conf: .*make a kubelet\.conf/),
    ]);
  });

  it('does not hide one that cannot be read', async () => {
    await write('/etc/kubernetes/pki/apiserver.crt', await expired());
    await write('/etc/kubernetes/pki/ca.crt', 'half');
    const found = certificateFindings(await inspectCertificates(host, 'control-plane'), NOW);
    expect(found.map(({ text }) => text.split(',')[0])).toEqual([
      '/etc/kubernetes/pki/apiserver.crt: got a certificate that expired 2025-12-31',
      '/etc/kubernetes/pki/ca.crt: got no readable certificate',
    ]);
  });
});

describe('a file', () => {
  it('of CAs, one of which expired while it is being replaced, is valid', async () => {
    const [old, next] = [await makeCertificate('old', EXPIRED), await makeCertificate('new')];
    const facts = parseCertificate('/etc/kubernetes/pki/ca.crt', old.cert + next.cert);
    expect(certificateFindings([facts], NOW)).toEqual([]);
  });

  it('of a chain is judged by the first one', async () => {
    const [leaf, ca] = [await makeCertificate('leaf', EXPIRED), await makeCertificate('ca')];
    const facts = parseCertificate('/etc/kubernetes/pki/apiserver.crt', leaf.cert + ca.cert);
    expect(certificateFindings([facts], NOW)).toHaveLength(1);
  });

  it('that is valid only later speaks of the clock', async () => {
    const { cert } = await makeCertificate('x', { notBefore: '2026-01-01T00:00:10Z' });
    expect(certificateFindings([parseCertificate('/x.crt', cert)], NOW)).toEqual([
      {
        is: 'refusal',
        text:
          '/x.crt: got a certificate that is not valid before 2026-01-01T00:00:10.000Z, expected one that is now ' +
          '(2026-01-01T00:00:00.000Z): correct the clock of this machine',
      },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a key alone', '-----BEGIN EC PRIVATE KEY-----\nsecret\n-----END EC PRIVATE KEY-----\n'],
    ['half a certificate', '-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n'],
  ])('with %s is refused, and not quoted', (_, content) => {
    expect(certificateFindings([parseCertificate('/x.crt', content)], NOW)).toEqual([
      {
        is: 'refusal',
        text:
          '/x.crt: got no readable certificate, expected one in PEM: run "kubeadm certs renew all" on this node and ' +
          'restart the static pods',
      },
    ]);
  });
});
