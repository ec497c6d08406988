// A simulated node: what is installed on it and what Refit left there.
import type { Role } from '../../api/steps.ts';
import { parseVersion } from '../../api/version.ts';

export interface NodeVersions {
  kubelet: string;
  kubeadm: string;
  containerd: string;
  cni: string;
  /** These two on control-plane nodes only. */
  'kube-apiserver'?: string;
  etcd?: string;
}

export interface SimulatedNode {
  readonly name: string;
  readonly uid: string;
  readonly role: Role;
  readonly versions: NodeVersions;
  ready: boolean;
  cordoned: boolean;
  /** A person's own cordon is left alone. */
  cordonedByRefit: boolean;
  /** Hash of the desired state that `configure` applied last; empty: not known. */
  hash: string;
  /** Binaries in the host's folders by version, like `kubeadm v1.34.3`. */
  staged: Set<string>;
  /** sha256 of the plan file by operation. */
  plans: Map<string, string>;
  /** Kubernetes versions whose images are there. */
  images: Set<string>;
  /** Operations that left a backup. */
  backups: Set<string>;
}

export interface NodeInput {
  name: string;
  uid: string;
  role: Role;
  /** Kubernetes version of everything on it. */
  version: string;
  hash?: string;
  containerd?: string;
  cni?: string;
}

/** A healthy node of one Kubernetes version. Errors: BadInput. */
export function createNode({ name, uid, role, version, hash = '', ...runtime }: NodeInput): SimulatedNode {
  const { containerd = '1.7.28', cni = '1.7.1' } = runtime;
  const controlPlane = { 'kube-apiserver': version, etcd: etcdVersion(version) };
  return {
    name,
    uid,
    role,
    versions: {
      kubelet: version,
      kubeadm: version,
      containerd,
      cni,
      ...(role === 'control-plane' ? controlPlane : {}),
    },
    ready: true,
    cordoned: false,
    cordonedByRefit: false,
    hash,
    staged: new Set(),
    plans: new Map(),
    images: new Set([version]),
    backups: new Set(),
  };
}

/** The etcd that kubeadm brings: 3.6 since Kubernetes 1.34. */
export function etcdVersion(kubernetes: string): string {
  return parseVersion(kubernetes, 'version').minor >= 34 ? '3.6.8' : '3.5.24';
}
