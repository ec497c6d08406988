import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  forgetRendered,
  readDecision,
  writeDecision,
  type FlipDecision,
} from '../../../../src/steps/node/flip/decision.ts';
import {
  decisionFile,
  intentFile,
  renderedFile,
  scratchFolder,
  flipFolder,
} from '../../../../src/steps/node/flip/flip-folder.ts';
import { createTestHost, type TestHost } from '../host-tree.ts';

const digests = (letter: string) => ({ sha256: letter.repeat(64), fromSha256: '0'.repeat(64) });
const FLIP: FlipDecision = {
  version: 1,
  method: 'flip',
  reasons: [],
  manifests: {
    etcd: digests('a'),
    'kube-apiserver': digests('b'),
    'kube-controller-manager': digests('c'),
    'kube-scheduler': digests('d'),
  },
  etcdMinorChanges: true,
};

let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
});
afterEach(() => host.remove());

it('is read as it was written, by root only', async () => {
  await writeDecision(host, 'op-1', FLIP);
  expect(await readDecision(host, 'op-1')).toEqual(FLIP);
  expect((await host.files.status(decisionFile('op-1')))?.mode).toBe(0o600);
  expect(await readDecision(host, 'op-2')).toBeUndefined();
});

it.each([
  ['a flip that lacks a manifest', { ...FLIP, manifests: { etcd: digests('a') } }],
  ['kubeadm for no reason', { ...FLIP, method: 'kubeadm' }],
  ['a manifest of something else', { ...FLIP, manifests: { ...FLIP.manifests, 'kube-vip': digests('e') } }],
  ['a digest that is none', { ...FLIP, manifests: { ...FLIP.manifests, etcd: digests('g') } }],
])('counts as absent: %s', async (_, decision) => {
  await host.files.write(decisionFile('op-1'), JSON.stringify(decision), { mode: 0o600 });
  expect(await readDecision(host, 'op-1')).toBeUndefined();
});

it('may name kubeadm with some manifests', async () => {
  const decision: FlipDecision = {
    ...FLIP,
    method: 'kubeadm',
    reasons: ['etcd: got none'],
    manifests: { 'kube-apiserver': digests('b') },
  };
  await writeDecision(host, 'op-1', decision);
  expect(await readDecision(host, 'op-1')).toEqual(decision);
});

it.each([
  ['are gone with the operation', false],
  ['stay while a flip has not ended', true],
])('rendered manifests %s', async (_, isBegun) => {
  const manifest = renderedFile('op-1', 'etcd');
  await writeDecision(host, 'op-1', FLIP);
  await host.files.write(manifest, 'kind: Pod', { mode: 0o600 });
  if (isBegun) await host.files.write(intentFile('op-1'), '{}', { mode: 0o600 });
  await host.files.write(`${scratchFolder('op-1')}/patches/etcd.yaml`, 'killed', { mode: 0o600 });
  await forgetRendered(host, 'op-1');
  expect(await host.files.list(flipFolder('op-1'))).not.toContain('scratch');
  expect((await host.files.status(manifest)) !== undefined).toBe(isBegun);
  expect(await readDecision(host, 'op-1')).toEqual(FLIP);
});
