// Bindings that newer kubeadm expects in a workload cluster: the control-plane provider makes them before it upgrades.
import { StatusError } from '../../api/errors.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';

const RBAC = 'rbac.authorization.k8s.io';
const BINDINGS = `/apis/${RBAC}/v1/clusterrolebindings`;

interface Binding {
  name: string;
  role: string;
  subject: { kind: 'Group' | 'User'; name: string };
}

const NEEDED: readonly Binding[] = [
  // kubeadm 1.29: its administrators are no longer system:masters.
  {
    name: 'kubeadm:cluster-admins',
    role: 'cluster-admin',
    subject: { kind: 'Group', name: 'kubeadm:cluster-admins' },
  },
  // kubeadm 1.37: neither is the API server towards kubelets.
  {
    name: 'kubeadm:apiserver-kubelet-client',
    role: 'system:kubelet-api-admin',
    subject: { kind: 'User', name: 'kube-apiserver-kubelet-client' },
  },
];

/** Makes those that are missing; gives their names. One that is there is left as it is. */
export async function ensureKubeadmPermissions(workload: ApiClient): Promise<string[]> {
  const made: string[] = [];
  for (const binding of NEEDED) if (await create(workload, binding)) made.push(binding.name);
  return made;
}

async function create(workload: ApiClient, { name, role, subject }: Binding): Promise<boolean> {
  try {
    await workload.create(BINDINGS, {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: RBAC, ...subject }],
    });
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'AlreadyExists') return false;
    throw error;
  }
}
