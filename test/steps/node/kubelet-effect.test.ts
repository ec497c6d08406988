import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import type { TestHost } from './host-tree.ts';
import { createKubeletHost, INSTALLED, performKubelet, readText } from './kubelet-host.ts';
import { startService } from './release.ts';

const ENV = '/var/lib/kubelet/kubeadm-flags.env';
const CONF = '/etc/kubernetes/kubelet.conf';
const RESTART = [
  ['systemctl', 'daemon-reload'],
  ['systemctl', 'restart', 'kubelet'],
];

let host: TestHost;
let components: StagedComponents;
beforeEach(async () => {
  ({ host, components } = await createKubeletHost('control-plane', 'v1.35.0'));
});
afterEach(() => host.remove());

const texts = (): Promise<string[]> =>
  Promise.all([INSTALLED, '/usr/bin/kubectl', ENV, CONF].map((path) => readText(host, path)));
const restarts = (): string[][] =>
  host.commands.filter((argv) => argv[0] === 'systemctl' && argv[1] !== 'show');

describe('the effect of the kubelet step', () => {
  it('is there after it, and the step has nothing more to do', async () => {
    const { result } = await performKubelet(host, components);
    expect(result).toMatchObject({ outcome: 'changed', durationSeconds: 5 });
    expect(await texts()).toEqual([
      'kubelet v1.35.0\n',
      'kubectl v1.35.0\n',
      expect.not.stringContaining('pod-infra'),
      expect.stringContaining('server: https://172.30.0.11:6443\n'),
    ]);
    expect((await host.files.status(CONF))?.mode).toBe(0o600);
    expect(restarts()).toEqual(RESTART);
    const again = await performKubelet(host, components, { operation: 'machine-1-2' });
    expect(again.result).toMatchObject({ outcome: 'unchanged', changes: [] });
  });

  it.each<[string, () => unknown, string]>([
    [
      'does not start',
      () =>
        host.answer(['systemctl', 'restart', 'kubelet'], async () => {
          const isNew = (await readText(host, INSTALLED)).includes('v1.35');
          if (!isNew) await startService(host, 'kubelet', INSTALLED, 0);
          const [ActiveState, MainPID] = isNew ? ['activating', '0'] : ['active', '1234'];
          Object.assign(host.units['kubelet'] ?? {}, { ActiveState, MainPID });
          return '';
        }),
      'kubelet.service: got activating, expected active',
    ],
    [
      'starts again and again',
      () => {
        const unit = host.units['kubelet'] ?? {};
        Object.assign(unit, { NRestarts: '4' });
        // Whenever somebody looks it has been up for 2 s.
        const start = (): string => String((100_000 + host.clock.monotonic() - 2) * 1e6);
        Object.defineProperty(unit, 'ExecMainStartTimestampMonotonic', { get: start, set: () => undefined });
      },
      'kubelet.service: running for 2.0 s, after 4 restarts, expected 5 s',
    ],
    [
      'does not get healthy',
      () =>
        host.respond('http://127.0.0.1:10248/healthz', () => {
          const message = 'GET http://127.0.0.1:10248/healthz: connect ECONNREFUSED';
          throw new StatusError(message, { reason: 'Unavailable' });
        }),
      'GET http://127.0.0.1:10248/healthz: connect ECONNREFUSED',
    ],
    [
      'says that it is not healthy',
      () => host.respond('http://127.0.0.1:10248/healthz', { status: 500 }),
      'http://127.0.0.1:10248/healthz: got 500, expected 200',
    ],
    [
      'is not what was restarted',
      () => host.answer(['systemctl', 'restart', 'kubelet'], ''),
      'kubelet.service runs kubelet: got sha256',
    ],
  ])('a kubelet that %s: the old one is back, with its files', async (_, arrange, message) => {
    const before = await texts();
    arrange();
    const { result } = await performKubelet(host, components, { timeoutSeconds: 20 });
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain(message);
    expect(result.message).toContain('restored: ');
    expect(await texts()).toEqual(before);
    expect(restarts()).toEqual([...RESTART, ...RESTART]);
  });

  it('is asked where the configuration says that it answers', async () => {
    const path = '/var/lib/kubelet/config.yaml';
    const text = (await readText(host, path)).replace('10248', '10999').replace('127.0.0.1', '::1');
    await host.files.write(path, text, { mode: 0o644 });
    host.respond('http://[::1]:10999/healthz', {});
    expect((await performKubelet(host, components)).result.outcome).toBe('changed');
    expect(host.requests.every(({ url }) => url === 'http://[::1]:10999/healthz')).toBe(true);
  });

  it('is judged without the port that the configuration turns off', async () => {
    const path = '/var/lib/kubelet/config.yaml';
    await host.files.write(path, (await readText(host, path)).replace('10248', '0'), { mode: 0o644 });
    expect((await performKubelet(host, components)).result.outcome).toBe('changed');
    expect(host.requests).toEqual([]);
  });
});
