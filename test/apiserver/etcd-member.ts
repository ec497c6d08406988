// A real etcd with TLS on loopback, and a host on which kubeadm could have put it.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { generate } from 'selfsigned';
import { stringify } from 'yaml';
import type { HttpAnswer } from '../../src/steps/host/host.ts';
import { etcdAccess } from '../../src/steps/node/etcd.ts';
import { manifestFile } from '../../src/steps/node/static-pods.ts';
import { tempHost, type TempHost } from '../steps/host/temp-host.ts';
import { tool } from '../tools/build.ts';
import { startDaemon } from './daemon.ts';

const PKI = '/etc/kubernetes/pki/etcd';
const START_SECONDS = 30;

export interface EtcdMember {
  host: TempHost;
  url: string;
  /** POST of its JSON API. Errors: an Error with its answer when that is not 200. */
  call(path: string, body: object): Promise<HttpAnswer>;
  stop(): Promise<void>;
}

export async function startEtcdMember(name: string): Promise<EtcdMember> {
  const host = await tempHost();
  const [client, peer] = await Promise.all([freePort(), freePort()]);
  const [url, peerURL] = [`https://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const flags = {
    name,
    'advertise-client-urls': url,
    'listen-client-urls': url,
    'cert-file': path.join(host.root, PKI, 'server.crt'),
    'key-file': path.join(host.root, PKI, 'server.key'),
    'trusted-ca-file': path.join(host.root, PKI, 'ca.crt'),
    'client-cert-auth': 'true',
    'data-dir': path.join(host.root, 'var/lib/etcd'),
    'listen-peer-urls': peerURL,
    'initial-advertise-peer-urls': peerURL,
    'initial-cluster': `${name}=${peerURL}`,
  };
  const command = ['etcd', ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)];
  const container = { name: 'etcd', image: 'registry.k8s.io/etcd:3.6.8-0', command };
  await host.put(manifestFile('etcd'), stringify({ kind: 'Pod', spec: { containers: [container] } }));
  await putCertificates(host);
  const daemon = startDaemon({
    name: 'etcd',
    binary: await tool('etcd'),
    args: [...command.slice(1), '--unsafe-no-fsync'],
    logFile: path.join(host.root, 'etcd.log'),
  });
  const stop = async (): Promise<void> => {
    await daemon.stop();
    await host.removeAll();
  };
  try {
    const access = await etcdAccess(host);
    if (typeof access === 'string') throw new Error(access);
    const { tls } = access;
    const isReady = (): Promise<boolean> =>
      host.http({ url: `${url}/readyz`, tls, timeoutSeconds: 2 }).then(
        ({ status }) => status === 200,
        () => false,
      );
    await daemon.ready(isReady, START_SECONDS);
    const call: EtcdMember['call'] = async (place, body) => {
      const request = { method: 'POST', body: JSON.stringify(body), tls, timeoutSeconds: 30 } as const;
      const answer = await host.http({ url: `${url}${place}`, ...request });
      if (answer.status !== 200) throw new Error(`${place}: ${answer.status} ${answer.body}`);
      return answer;
    };
    return { host, url, call, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As kubeadm names them. */
async function putCertificates(host: TempHost): Promise<void> {
  const options = { keyType: 'ec', algorithm: 'sha256' } as const;
  const subject = (value: string) => [{ name: 'commonName', value }];
  const isCa = { name: 'basicConstraints', cA: true, critical: true } as const;
  const ca = await generate(subject('etcd-ca'), { ...options, extensions: [isCa] });
  await host.put(`${PKI}/ca.crt`, ca.cert);
  for (const name of ['server', 'healthcheck-client']) {
    const signer = { cert: ca.cert, key: ca.private };
    const made = await generate(subject(name), {
      ...options,
      ca: signer,
      extensions: [
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
      ],
    });
    await host.put(`${PKI}/${name}.crt`, made.cert);
    await host.put(`${PKI}/${name}.key`, made.private, 0o600);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
