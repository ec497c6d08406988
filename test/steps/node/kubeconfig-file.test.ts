import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { readKubeconfigFile } from '../../../src/steps/node/kubeconfig-file.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { API_SERVER } from './tree-content.ts';

const FILE = '/etc/kubernetes/kubelet.conf';
let host: TestHost;

beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
});
afterEach(() => host.remove());

async function change(from: RegExp, to: string): Promise<void> {
  const text = (await host.files.read(FILE))?.toString() ?? '';
  expect(text).toMatch(from);
  await host.files.write(FILE, text.replace(from, to), { mode: 0o600 });
}

it.each([
  ['inside', '/etc/kubernetes/admin.conf'],
  ['in a file', FILE],
])('a certificate %s is found, with the server and its CA', async (_, path) => {
  const ca = (await host.files.read('/etc/kubernetes/pki/ca.crt'))?.toString();
  expect(await readKubeconfigFile(host, path)).toEqual({
    server: API_SERVER,
    ca,
    clientCertificate: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
  });
});

it('a CA in a file is found', async () => {
  await change(/certificate-authority-data: .*/, 'certificate-authority: /etc/kubernetes/pki/ca.crt');
  expect((await readKubeconfigFile(host, FILE))?.ca).toMatch(/^-----BEGIN CERTIFICATE-----/);
});

it('a user without a certificate has none', async () => {
  await change(/client-certificate: .*/, 'token: secret');
  expect((await readKubeconfigFile(host, FILE))?.clientCertificate).toBeUndefined();
});

it('an absent file is none', async () => {
  await host.files.remove(FILE);
  expect(await readKubeconfigFile(host, FILE)).toBeUndefined();
});

it.each([
  ['no YAML', /^/, 'secret: "'],
  ['no kubeconfig', /^clusters:/m, 'other:'],
])('a file that is %s is refused, and not quoted', async (_, from, to) => {
  await change(from, to);
  const error: unknown = await readKubeconfigFile(host, FILE).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ message: `${FILE}: got something else, expected a kubeconfig` });
  expect(error).not.toHaveProperty('cause');
});

it('a context that leads nowhere is refused', async () => {
  await change(/cluster: lab\b/, 'cluster: other');
  await expect(readKubeconfigFile(host, FILE)).rejects.toMatchObject({
    message: `${FILE}: got no entry other, expected the one that its context names`,
  });
});
