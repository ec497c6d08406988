import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import { stage } from '../../../src/steps/node/stage.ts';
import { readStaged } from '../../../src/steps/node/staged.ts';
import { contextFor, digest, writeRelease } from './release.ts';
import {
  answerVersions,
  BROUGHT,
  createStageSite,
  ELF,
  STAGED,
  VERSIONS,
  type StageSite,
} from './stage-site.ts';

let site: StageSite;
beforeEach(async () => {
  site = await createStageSite();
});
afterEach(() => site.host.remove());

describe('refused with nothing touched', () => {
  it.each<[string, () => Promise<unknown>, string]>([
    [
      'a truncated file',
      () => site.host.files.write(`${BROUGHT}/kubernetes/kubelet`, ELF, { mode: 0o755 }),
      `${BROUGHT}/kubernetes/kubelet: got 21 bytes, expected 37 bytes`,
    ],
    [
      'a missing file',
      () => site.host.files.remove(`${BROUGHT}/cni/tap`),
      `${BROUGHT}/cni/tap: got nothing, expected 32 bytes`,
    ],
    [
      'one for another architecture',
      () =>
        site.host.files.write(
          `${BROUGHT}/cni/tap`,
          Buffer.from(`${ELF.replace('\x3e', '\xb7')}tap v1.7.1\n`, 'latin1'),
          { mode: 0o755 },
        ),
      `${BROUGHT}/cni/tap: got arm64, expected one for amd64`,
    ],
    [
      'a script',
      () =>
        site.host.files.write(`${BROUGHT}/cni/tap`, '#!/bin/sh\nexec /opt/cni/bin/xyz\n', { mode: 0o755 }),
      `${BROUGHT}/cni/tap: got no Linux program, expected one for amd64`,
    ],
    [
      'a full disk',
      async () =>
        site.host.files.spaces.set('/var/lib/refit', { freeBytes: 300 * 2 ** 20 - 1, freeInodes: 10 }),
      `${STAGED}: got 10 inodes free, expected 40`,
    ],
    [
      'another machine',
      async () => site.host.answer(['uname', '-m'], 'aarch64\n'),
      'components: got programs for amd64, expected them for arm64',
    ],
  ])('%s', async (_, spoil, message) => {
    await spoil();
    const { result } = await site.perform(site.brought);
    expect(result).toMatchObject({ outcome: 'failed', changes: [] });
    expect(result.message).toContain(message);
    expect(await site.stagedFiles()).toEqual([]);
  });

  it('too little space for all of it twice', async () => {
    const bytes = site.brought.files.reduce((sum, { size }) => sum + size, 0);
    const needed = 2 * bytes + 256 * 2 ** 20;
    site.host.files.spaces.set('/var/lib/refit', { freeBytes: needed - 1, freeInodes: 1000 });
    const refusals = [`${STAGED}: got ${needed - 1} bytes free, expected ${needed}`];
    expect(await stage.prepare(site.host, contextFor(site.brought))).toMatchObject({ refusals });
  });

  it.each<[string, (components: StagedComponents) => StagedComponents | undefined, string]>([
    ['no components', () => undefined, 'components: got none, expected those of release r1'],
    [
      'those of another version',
      (components) => ({ ...components, kubernetes: 'v1.34.3' }),
      'components: got Kubernetes v1.34.3, expected v1.34.4 (release r1)',
    ],
  ])('%s', async (_, change, message) => {
    const { result } = await site.perform(change(site.brought));
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain(message);
    expect(await site.stagedFiles()).toEqual([]);
  });
});

describe('failed, and the folder is gone', () => {
  it.each<[string, () => Promise<unknown> | void, string]>([
    [
      'a file that is not what the manifest says',
      () => site.host.files.write(`${BROUGHT}/cni/loopback`, `${ELF}loopback v1.7.0\n`, { mode: 0o755 }),
      'sha256',
    ],
    [
      'a program of another version',
      () => answerVersions(site.host, { 'kubernetes/kubelet': 'Kubernetes v1.34.3\n' }),
      'kubelet: got v1.34.3, expected v1.34.4',
    ],
    [
      'a program that says nothing',
      () => answerVersions(site.host, { 'containerd/containerd': '' }),
      'containerd: got no version, expected v2.1.4',
    ],
    [
      'a program that this host cannot run',
      () =>
        site.host.answer([`${STAGED}/kubernetes/kubeadm`], { code: 1, stderr: 'FATAL: kernel too old\n' }),
      'kubeadm version -o short: got exit code 1',
    ],
  ])('%s', async (_, spoil, message) => {
    await spoil();
    const { result } = await site.perform(site.brought);
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain(message);
    expect(await site.stagedFiles()).toEqual([]);
    expect(await site.host.files.status('/var/lib/refit/stage')).toBeUndefined();
  });

  it('but what was staged before is there again', async () => {
    await site.perform(site.brought);
    const other = await writeRelease(site.host, BROUGHT, { ...VERSIONS, kubernetes: 'v1.34.5' }, ELF);
    const context = contextFor(other, { operation: 'machine-1-2' });
    const { result } = await performStep(stage, site.host, context, { timeoutSeconds: 60 });
    expect(result.message).toContain('kubelet: got v1.34.4, expected v1.34.5');
    expect(await readStaged(site.host, 'r1')).toEqual({ ...site.brought, folder: STAGED });
    expect(await site.host.files.sha256(`${STAGED}/kubernetes/kubelet`)).toBe(
      digest(`${ELF}kubelet v1.34.4\n`),
    );
  });
});
