import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { restore } from '../../../src/steps/host/undo.ts';
import {
  certificateConfiguration,
  certificateProblems,
  certificateRefusals,
  missingNames,
  renewCertificate,
} from '../../../src/steps/node/apiserver-certificate.ts';
import { CLUSTER_CONFIGURATION, answerNewCertificate, servingCertificate } from './serving-certificate.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { makeCertificate, type Certificate } from './tree-certificates.ts';

const PKI = '/etc/kubernetes/pki';
const CRT = `${PKI}/apiserver.crt`;
const KEY = `${PKI}/apiserver.key`;
const NAMES = ['kubernetes', 'old.example.com', '*.wild.example.com', '10.96.0.1', 'fd00::1'];

let host: TestHost;
let old: Certificate;
beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
  old = await servingCertificate(host, NAMES);
  await host.files.write(CRT, old.cert, { mode: 0o644 });
  await host.files.write(KEY, old.key, { mode: 0o600 });
});
afterEach(() => host.remove());

describe('a certificate lacks', () => {
  it.each([
    ['nothing that it has', NAMES, []],
    ['nothing for another spelling of it', ['OLD.example.com', 'fd00:0:0::1'], []],
    ['another name', ['new.example.com', 'kubernetes'], ['new.example.com']],
    ['what only a wildcard covers', ['a.wild.example.com'], ['a.wild.example.com']],
    ['what is only a part', ['example.com', 'kubernete'], ['example.com', 'kubernete']],
    ['another address', ['10.96.0.10', '10.96.0.1'], ['10.96.0.10']],
  ])('%s', (_, names, missing) => {
    expect(missingNames(Buffer.from(old.cert), names)).toEqual(missing);
  });
});

describe("the API server's certificate", () => {
  it('is well', async () => {
    expect(await certificateProblems(host, NAMES)).toEqual([]);
  });

  it('lacks a name', async () => {
    expect(await certificateProblems(host, ['new.example.com'])).toEqual([
      `${CRT}: got no new.example.com, expected it among its names`,
    ]);
  });

  it('has the key of another one, as an attempt that was killed leaves it', async () => {
    await host.files.write(KEY, (await servingCertificate(host, NAMES)).key, { mode: 0o600 });
    expect(await certificateProblems(host, NAMES)).toEqual([`${KEY}: got the key of another certificate`]);
  });

  it('is absent', async () => {
    await host.files.remove(KEY);
    expect(await certificateProblems(host, NAMES)).toEqual([expect.stringContaining('expected both')]);
  });

  it('is no certificate: an error that quotes nothing of it', async () => {
    await host.files.write(CRT, 'secret', { mode: 0o644 });
    await expect(certificateProblems(host, NAMES)).rejects.toMatchObject({
      reason: 'Failed',
      message: 'certificate of the API server: got something else, expected PEM',
    });
  });

  it("cannot be made anew without the cluster's CA, nor without its configuration", async () => {
    expect(await certificateRefusals(host, CLUSTER_CONFIGURATION)).toEqual([]);
    await host.files.remove(`${PKI}/ca.key`);
    expect(await certificateRefusals(host, undefined)).toEqual([
      expect.stringContaining(`${PKI}/ca.key: absent`),
      expect.stringContaining('kubeadm-config: got no ClusterConfiguration'),
    ]);
  });
});

describe('the configuration by which kubeadm makes it', () => {
  const request = { clusterConfiguration: CLUSTER_CONFIGURATION, nodeName: 'node-1' };
  const documents = (text: string): Record<string, unknown>[] =>
    parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);

  it('is that of the cluster, with this node, this address and a folder of its own', () => {
    const flags = new Map([
      ['advertise-address', '172.30.0.11'],
      ['secure-port', '7443'],
    ]);
    const certSANs = ['new.example.com', 'old.example.com'];
    const [init, cluster] = documents(certificateConfiguration({ ...request, certSANs }, flags, '/x'));
    expect(init).toEqual({
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      localAPIEndpoint: { advertiseAddress: '172.30.0.11', bindPort: 7443 },
      nodeRegistration: { name: 'node-1', criSocket: 'unix:///run/containerd/containerd.sock' },
    });
    expect(cluster).toEqual({
      ...documents(CLUSTER_CONFIGURATION)[0],
      certificatesDir: '/x',
      apiServer: {
        extraArgs: [{ name: 'audit-policy-file', value: '/etc/kubernetes/audit.yaml' }],
        certSANs: ['old.example.com', 'new.example.com'],
      },
    });
  });

  it('is an error when it is none', () => {
    const broken = { ...request, clusterConfiguration: 'text', certSANs: [] };
    expect(() => certificateConfiguration(broken, new Map(), '/x')).toThrow(
      /ClusterConfiguration: got "text"/,
    );
  });
});

describe('a new certificate', () => {
  const request = {
    operation: 'machine-1-1',
    kubeadm: '/usr/bin/kubeadm',
    nodeName: 'node-1',
    certSANs: ['kubernetes', 'new.example.com'],
    clusterConfiguration: CLUSTER_CONFIGURATION,
  };

  it('takes the place of the old one, its key too, and can be taken back', async () => {
    answerNewCertificate(host);
    await renewCertificate(host, request);
    expect(await certificateProblems(host, ['kubernetes', 'new.example.com'])).toEqual([]);
    expect((await host.files.status(KEY))?.mode).toBe(0o600);
    expect((await host.files.status(CRT))?.mode).toBe(0o644);
    expect(host.lines).toContain(
      `${CRT}: no more in it: DNS:*.wild.example.com, IP Address:10.96.0.1, IP Address:FD00:0:0:0:0:0:0:1`,
    );
    await restore(host, 'machine-1-1', 'configure');
    expect(String(await host.files.read(CRT))).toBe(old.cert);
    expect(String(await host.files.read(KEY))).toBe(old.key);
  });

  it("leaves no copy of the CA's key, whether it is made or not", async () => {
    answerNewCertificate(host);
    await renewCertificate(host, request);
    expect(await host.files.list('/var/lib/refit/machine-1-1')).not.toContain('certificates');
    host.answer(['/usr/bin/kubeadm', 'init'], { code: 1, stderr: 'error: no' });
    await expect(renewCertificate(host, request)).rejects.toMatchObject({ reason: 'Failed' });
    expect(await host.files.list('/var/lib/refit/machine-1-1')).not.toContain('certificates');
  });

  it.each<[string, () => void | Promise<void>, string]>([
    [
      'kubeadm fails',
      () => host.answer(['/usr/bin/kubeadm', 'init'], { code: 1, stderr: 'error: bad SAN' }),
      'exit code: got 1, expected 0: error: bad SAN',
    ],
    ['kubeadm makes none', () => host.answer(['/usr/bin/kubeadm', 'init'], ''), 'exit code: got 0'],
    [
      'a name is missing in it',
      () => answerNewCertificate(host, { names: ['kubernetes'] }),
      'got a certificate without new.example.com',
    ],
    [
      'it is of another CA',
      async () => answerNewCertificate(host, { ca: await makeCertificate('other') }),
      'got a certificate that does not fit its key or its CA',
    ],
  ])('is not taken when %s', async (_, arrange, message) => {
    await arrange();
    await expect(renewCertificate(host, request)).rejects.toMatchObject({
      message: expect.stringContaining(`kubeadm init phase certs apiserver: ${message}`),
    });
    expect(String(await host.files.read(CRT))).toBe(old.cert);
    expect(String(await host.files.read(KEY))).toBe(old.key);
  });
});
