import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer as createTlsServer } from 'node:https';
import { systemClock } from '../../../src/cli/clock.ts';
import { selfSignedTls } from '../../../src/hook/tls.ts';
import {
  apiServerHealth,
  containerdHealth,
  kubeletHealth,
} from '../../../src/steps/operation/local-health.ts';
import { createMachine, type Machine } from './machine.ts';

const CONFIG = '/var/lib/kubelet/config.yaml';
let machine: Machine;
let servers: Server[];
beforeEach(() => {
  // Real servers answer in real time: in fast time a busy machine would be late.
  machine = createMachine({ clock: systemClock() });
  servers = [];
});
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  machine.remove();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the kubelet', () => {
  const kubelet = (): Promise<string | undefined> => kubeletHealth(machine.host, machine.systemd)();

  it.each([
    ['is healthy when its health port says so', 200, undefined],
    [
      'is not when that answers with an error',
      500,
      expect.stringMatching(/^kubelet: got 500 from .*\/healthz/),
    ],
  ])('%s', async (_name, status, expected) => {
    const port = await listen(createServer((_request, answer) => answer.writeHead(status).end()));
    machine.write(CONFIG, `kind: KubeletConfiguration\nhealthzPort: ${port}\nhealthzBindAddress: 0.0.0.0\n`);
    expect(await kubelet()).toEqual(expected);
  });

  it('is not healthy when nobody listens', async () => {
    machine.write(CONFIG, 'healthzPort: 1\nhealthzBindAddress: 127.0.0.1\n');
    expect(await kubelet()).toContain('http://127.0.0.1:1/healthz');
  });

  it.each([
    ['its usual port', '', 'http://127.0.0.1:10248/healthz'],
    ['its usual port when its configuration is damaged', '{ [', 'http://127.0.0.1:10248/healthz'],
    ['IPv6', 'healthzBindAddress: "fd00::1"\nhealthzPort: 99', 'http://[fd00::1]:99/healthz'],
  ])('is asked at %s', async (_name, config, url) => {
    machine.write(CONFIG, config);
    const asked: string[] = [];
    const host = {
      ...machine.host,
      http: async (request: { url: string }) => {
        asked.push(request.url);
        return { status: 200, headers: {}, body: 'ok' };
      },
    };
    expect(await kubeletHealth(host, machine.systemd)()).toBeUndefined();
    expect(asked).toEqual([url]);
  });

  it('is judged by its unit where the port is switched off', async () => {
    machine.write(CONFIG, 'healthzPort: 0\n');
    machine.systemd.told.set('kubelet.service', 'failed');
    expect(await kubelet()).toBe('kubelet.service: got failed, expected active');
  });
});

describe('containerd', () => {
  it.each([
    ['that works is healthy', 'active', undefined],
    [
      'that is being started again and again is not',
      'activating',
      'containerd.service: got activating, expected active',
    ],
    ['that is absent is not missed: another runtime', 'inactive', undefined],
  ])('%s', async (_name, active, expected) => {
    machine.systemd.told.set('containerd.service', active);
    expect(await containerdHealth(machine.systemd)()).toBe(expected);
  });
});

describe('the API server of this node', () => {
  const manifest = (port: number): string =>
    JSON.stringify({
      kind: 'Pod',
      spec: {
        containers: [
          {
            name: 'kube-apiserver',
            image: 'registry.k8s.io/kube-apiserver:v1.34.3',
            command: ['kube-apiserver', '--advertise-address=127.0.0.1', `--secure-port=${port}`],
          },
        ],
      },
    });

  it('is not missed on a worker', async () => {
    expect(await apiServerHealth(machine.host)()).toBeUndefined();
  });

  it.each([
    ['lives when it says so', 200, true],
    ['lives when it refuses us', 401, true],
    ['does not when it answers with an error', 500, false],
  ])('%s', async (_name, status, lives) => {
    const { cert, key } = await selfSignedTls(new Date());
    const asked: (string | undefined)[] = [];
    const port = await listen(
      createTlsServer({ cert, key }, (request, answer) => {
        asked.push(request.url);
        answer.writeHead(status).end();
      }),
    );
    machine.write('/etc/kubernetes/manifests/kube-apiserver.yaml', manifest(port));
    expect((await apiServerHealth(machine.host)()) === undefined).toBe(lives);
    expect(asked).toEqual(['/livez?exclude=etcd']);
  });

  it('does not live when nobody listens', async () => {
    machine.write('/etc/kubernetes/manifests/kube-apiserver.yaml', manifest(1));
    expect(await apiServerHealth(machine.host)()).toContain('https://127.0.0.1:1/livez');
  });
});
