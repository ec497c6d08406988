// A control-plane node on which a flip is about to begin, in a folder: the files of 1.33, and those of 1.34 beside them.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Flip } from '../../../../src/steps/node/flip/flip.ts';
import { renderedFile } from '../../../../src/steps/node/flip/flip-folder.ts';
import { manifestFile, STATIC_PODS } from '../../../../src/steps/node/static-pods.ts';
import { treeFiles } from '../tree-content.ts';

export const OPERATION = 'refit-cp-1-0a1b2c3d-1';
export const DATA_FOLDER = '/var/lib/etcd';
export const DATABASE = `${DATA_FOLDER}/member/snap/db`;
export const VERSIONS = { old: 'v1.33.13', new: 'v1.34.4' } as const;
export const KUBELET = '/usr/bin/kubelet';
const STAGED = '/var/lib/refit/stage/r1/kubernetes/kubelet';
const ETCDUTL = { from: '/proc/90/root/usr/local/bin/etcdutl', content: 'etcdutl 3.5\n' };

export type Generation = keyof typeof VERSIONS;

export const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

export const kubeletOf = (generation: Generation): string => `kubelet ${VERSIONS[generation]}\n`;

/** As kubeadm of that version writes it; etcd's minor changes, too. */
export function manifestOf(pod: (typeof STATIC_PODS)[number], generation: Generation): string {
  const files = treeFiles({ role: 'control-plane', kubernetes: VERSIONS[generation] });
  const text = files[manifestFile(pod)] ?? '';
  return generation === 'new' ? text.replace('etcd:3.5.24-0', 'etcd:3.6.8-0') : text;
}

export function makeFlip(etcd: Partial<NonNullable<Flip['etcd']>> = {}): Flip {
  return {
    operation: OPERATION,
    kubeadm: '/usr/bin/kubeadm',
    kubernetes: { from: VERSIONS.old, to: VERSIONS.new },
    kubelet: { path: KUBELET, staged: STAGED, from: sha256(kubeletOf('old')), to: sha256(kubeletOf('new')) },
    manifests: STATIC_PODS.map((pod) => ({
      pod,
      from: sha256(manifestOf(pod, 'old')),
      to: sha256(manifestOf(pod, 'new')),
    })),
    shutdownDelaySeconds: 0,
    handsOverAddress: false,
    etcd: {
      ...{ dataFolder: DATA_FOLDER, minorChanges: true, copies: true },
      snapshotTool: { from: ETCDUTL.from, sha256: sha256(ETCDUTL.content) },
      ...etcd,
    },
  };
}

export function layOut(root: string): void {
  const put = (path: string, content: string): void => {
    mkdirSync(dirname(`${root}${path}`), { recursive: true });
    writeFileSync(`${root}${path}`, content);
  };
  for (const pod of STATIC_PODS) {
    put(manifestFile(pod), manifestOf(pod, 'old'));
    put(renderedFile(OPERATION, pod), manifestOf(pod, 'new'));
  }
  put(KUBELET, kubeletOf('old'));
  put(STAGED, kubeletOf('new'));
  put(ETCDUTL.from, ETCDUTL.content);
  put(DATABASE, '');
  put(`${DATA_FOLDER}/member/wal/0.wal`, '');
  put('/proc/uptime', '1000.00 1.00\n');
  for (const name of ['ca.crt', 'etcd/ca.crt', 'etcd/healthcheck-client.crt', 'etcd/healthcheck-client.key'])
    put(`/etc/kubernetes/pki/${name}`, name);
}

export const renderedPath = (pod: (typeof STATIC_PODS)[number]): string => renderedFile(OPERATION, pod);
