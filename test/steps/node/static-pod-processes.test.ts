import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  endStaticPod,
  isChangedSince,
  outdatedProcesses,
  readersOf,
  readStaticPods,
  staticPodProcess,
} from '../../../src/steps/node/static-pod-processes.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { runStaticPod } from './pod-processes.ts';
import { touch } from './release.ts';

const PKI = '/etc/kubernetes/pki';
let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
});
afterEach(() => host.remove());

describe('the process of a static pod', () => {
  it('is found with its start', async () => {
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 90 });
    expect(await staticPodProcess(host, 'kube-apiserver')).toEqual({
      pid: 4242,
      startedAt: new Date('2025-12-31T23:58:30.000Z'),
    });
  });

  it('is found under the name that the kernel cuts', async () => {
    await runStaticPod(host, 'kube-controller-manager', { pid: 4243, secondsAgo: 90 });
    expect(await staticPodProcess(host, 'kube-controller-manager')).toMatchObject({ pid: 4243 });
    expect(await staticPodProcess(host, 'kube-scheduler')).toBeUndefined();
  });

  it('is not one of another cluster that is hosted here', async () => {
    const command = ['kube-apiserver', '--advertise-address=10.0.0.9', '--secure-port=6443'];
    await runStaticPod(host, 'kube-apiserver', { pid: 4000, secondsAgo: 9, command });
    expect(await staticPodProcess(host, 'kube-apiserver')).toBeUndefined();
    await runStaticPod(host, 'kube-apiserver', { pid: 5000, secondsAgo: 90 });
    expect(await staticPodProcess(host, 'kube-apiserver')).toMatchObject({ pid: 5000 });
  });

  it('began when the kernel says that a process of this machine began', async () => {
    const before = Date.now();
    await runStaticPod(host, 'kube-scheduler', { pid: 7, secondsAgo: 0 });
    for (const path of ['/proc/uptime', '/proc/7/stat']) {
      const real = path.replace('/7/', `/${process.pid}/`);
      await host.files.write(path, readFileSync(real, 'latin1'), { mode: 0o444 });
    }
    const real = { ...host, clock: { ...host.clock, now: () => new Date() } };
    const { startedAt } = (await staticPodProcess(real, 'kube-scheduler')) ?? {};
    const expected = before - process.uptime() * 1000;
    // Node's own start is a little after that of its process.
    expect(Math.abs((startedAt?.getTime() ?? 0) - expected)).toBeLessThan(5000);
  });
});

describe('a file is read', () => {
  it.each([
    ['by the pod whose flag names it', `${PKI}/apiserver.crt`, ['kube-apiserver']],
    ['by the pod that it is mounted into', '/etc/kubernetes/scheduler.conf', ['kube-scheduler']],
    ['by all pods that it is mounted into', `${PKI}/etcd/extra.crt`, ['etcd', 'kube-apiserver']],
    ['by no pod', '/etc/kubernetes/kubelet.conf', []],
    ['by no pod, though a name begins alike', `${PKI}-old/ca.crt`, []],
  ])('%s', async (_, path, readers) => {
    expect(readersOf(await readStaticPods(host), path)).toEqual(readers);
  });
});

describe('a process is outdated', () => {
  const CRT = `${PKI}/apiserver.crt`;

  it('when a file that it reads changed since', async () => {
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 60 });
    await touch(host, CRT, 61);
    expect(await outdatedProcesses(host, await readStaticPods(host), [CRT])).toEqual(new Map());
    await touch(host, CRT, 59);
    expect(await outdatedProcesses(host, await readStaticPods(host), [CRT, '/nowhere'])).toEqual(
      new Map([['kube-apiserver', CRT]]),
    );
  });

  it('not when it does not run', async () => {
    await touch(host, CRT, 1);
    expect(await outdatedProcesses(host, await readStaticPods(host), [CRT])).toEqual(new Map());
  });

  it('not by a time to come', async () => {
    await touch(host, CRT, -60);
    expect(await isChangedSince(host, CRT, new Date(0))).toBe(false);
  });
});

describe('ending a static pod', () => {
  it('is a signal to that process', async () => {
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 60 });
    host.answer(['kill'], '');
    await endStaticPod(host, 'kube-apiserver');
    expect(host.commands).toEqual([['kill', '-s', 'TERM', '4242']]);
  });

  it('is nothing when it does not run', async () => {
    await endStaticPod(host, 'kube-apiserver');
    expect(host.commands).toEqual([]);
    expect(host.lines).toEqual(['kube-apiserver: does not run now, and will read everything when it starts']);
  });

  it('fails when it may not be', async () => {
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 60 });
    host.answer(['kill'], { code: 1, stderr: 'Operation not permitted' });
    await expect(endStaticPod(host, 'kube-apiserver')).rejects.toMatchObject({ reason: 'Failed' });
  });
});
