import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../../src/api/errors.ts';
import { handOverAddress, readKubeVip } from '../../../../src/steps/node/flip/kube-vip.ts';
import { manifestFile } from '../../../../src/steps/node/static-pods.ts';
import { createTestHost, type TestHost } from '../host-tree.ts';
import { runStaticPod } from '../pod-processes.ts';

const manifest = (address: string): string => `
kind: Pod
spec:
  containers:
    - name: kube-vip
      image: ghcr.io/kube-vip/kube-vip:v1.0.0
      args: [manager]
      env:
        - { name: address, value: ${address} }
        - { name: vip_nodename, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
`;

let host: TestHost;
let ended: string[];
beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
  ended = [];
  host.answer(['kill', '-s', 'TERM'], async (argv) => {
    ended.push(argv.at(-1) ?? '');
    await host.files.remove(`/proc/${argv.at(-1)}`);
    return '';
  });
});
afterEach(() => host.remove());

describe('the address that kube-vip holds', () => {
  it('is given away by the kube-vip of this node, not by one of a cluster that is hosted on it', async () => {
    await install('10.0.0.9');
    await runStaticPod(host, 'kube-vip', { pid: 41, secondsAgo: 60 });
    await install('10.0.0.1');
    await runStaticPod(host, 'kube-vip', { pid: 42, secondsAgo: 60 });
    host.respond('https://10.0.0.1:6443/readyz', {});
    await handOverAddress(host);
    expect(ended).toEqual(['42']);
  });

  it.each([
    ['is waited for until it answers elsewhere', 2, 'another control plane has the address'],
    ['is not waited for without end', Infinity, 'EHOSTUNREACH'],
  ])('%s', async (_, takenAfter, said) => {
    await install('10.0.0.1');
    await runStaticPod(host, 'kube-vip', { pid: 42, secondsAgo: 60 });
    const asked: number[] = [];
    host.respond('https://10.0.0.1:6443/readyz', () => {
      asked.push(host.clock.monotonic());
      if (waited() >= takenAfter) return { status: 401 };
      throw new StatusError('EHOSTUNREACH', { reason: 'Unavailable' });
    });
    const waited = (): number => (asked.at(-1) ?? 0) - (asked[0] ?? 0);
    await untilDone(handOverAddress(host));
    const least = Math.min(takenAfter, 10);
    expect(waited()).toBeGreaterThan(least - 0.5);
    expect(waited()).toBeLessThan(least + 2);
    expect(host.lines.at(-1)).toBe(`kube-vip: ${said}`);
  });

  it.each([
    ['where kube-vip does not run', () => install('10.0.0.1')],
    ['where there is none', () => Promise.resolve()],
  ])('is nobody to wait for %s', async (_, arrange) => {
    await arrange();
    const before = host.clock.monotonic();
    await handOverAddress(host);
    expect([ended, host.clock.monotonic() - before]).toEqual([[], 0]);
  });

  it('is waited for three seconds by a kube-vip that does not end, and it is not killed', async () => {
    await install('10.0.0.1');
    await runStaticPod(host, 'kube-vip', { pid: 42, secondsAgo: 60 });
    host.answer(['kill', '-s', 'TERM'], '');
    const before = host.clock.monotonic();
    await untilDone(handOverAddress(host));
    expect(host.clock.monotonic() - before).toBeGreaterThanOrEqual(3);
    expect(host.commands.flat()).not.toContain('KILL');
    expect(host.lines.at(-1)).toContain('runs still after 3 s');
  });

  it('is left alone where its manifest cannot be read', async () => {
    await host.files.write(manifestFile('kube-vip'), 'kind: Secret', { mode: 0o600 });
    expect(await readKubeVip(host)).toBeUndefined();
    await handOverAddress(host);
    expect([ended, host.lines[0]]).toEqual([[], expect.stringContaining('left alone')]);
  });
});

async function untilDone(work: Promise<void>): Promise<void> {
  let isDone = false;
  const done = work.finally(() => void (isDone = true));
  while (!isDone) await host.clock.advance(0.1);
  await done;
}

async function install(address: string): Promise<void> {
  await host.files.write(manifestFile('kube-vip'), manifest(address), { mode: 0o600 });
}
