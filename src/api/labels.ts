// Every label and annotation key that Refit reads or writes.

const OWN = 'capi-refit.io';

/** Label on a Cluster (value `in-place`): its owner wants Refit to update its machines. */
export const STRATEGY_LABEL = `${OWN}/strategy`;
export const STRATEGY_IN_PLACE = 'in-place';
/** The same label on a KubeadmControlPlane or MachineDeployment: Refit does its upgrades, in place of Cluster API. */
export const STRATEGY_EXTERNAL = 'external';
/** Annotation on such an owner: the record of its upgrade, JSON (see external-record.ts). */
export const EXTERNAL_ANNOTATION = `${OWN}/external`;
/** Annotation that a person sets on such an owner: release of the image map to take, also at the same version. */
export const RELEASE_ANNOTATION = `${OWN}/release`;
/** Annotation on such an owner (value `rolling`): what Refit declines or fails to do, Cluster API does by replacing. */
export const FALLBACK_ANNOTATION = `${OWN}/fallback`;
export const FALLBACK_ROLLING = 'rolling';
/** Value of CAPI's pause annotation by which we know our own. */
export const PAUSED_BY_US = OWN;
/** Annotation on a Cluster: policy keys that are otherwise for it, YAML (see policy-override.ts). */
export const POLICY_ANNOTATION = `${OWN}/policy`;

/** Annotation on a Machine: the operation record, JSON (see operation.ts). */
export const OPERATION_ANNOTATION = `${OWN}/operation`;
/** Annotation that a person sets on a Machine (any value) to run a failed operation again; Refit removes it. */
export const RETRY_ANNOTATION = `${OWN}/retry`;
/**
 * Annotation on a Machine: why nothing is started on it, for people; a retry ends it. Set by a rollback, since what is
 * desired is ahead of the node then, or by a person.
 */
export const BLOCKED_ANNOTATION = `${OWN}/blocked`;
/** Annotation on a Machine: when `protect` set the two keys below (RFC 3339); present only if they are ours. */
export const PROTECTED_SINCE_ANNOTATION = `${OWN}/protected-since`;

/** Annotation on a Node: the operation that cordoned it; absent when somebody else did. */
export const CORDONED_BY_ANNOTATION = `${OWN}/cordoned-by`;

/** CAPI: keeps a MachineHealthCheck from deleting the Machine while its node restarts. */
export const SKIP_REMEDIATION_ANNOTATION = 'cluster.x-k8s.io/skip-remediation';
/** CAPI: holds the drain of a deleted Machine until it is removed. */
export const PRE_DRAIN_HOOK_ANNOTATION = `pre-drain.delete.hook.machine.cluster.x-k8s.io/refit`;
/** CAPI, on a KubeadmConfig: read again from the API server's certificate when it is absent. */
export const CERTIFICATES_EXPIRY_ANNOTATION = 'machine.cluster.x-k8s.io/certificates-expiry';
/** CAPI, on a pod of the workload cluster (value `skip`): it is not drained. */
export const POD_DRAIN_LABEL = 'cluster.x-k8s.io/drain';

/** CAPI, on a Machine: it was moved to another MachineSet, for which its MachineDeployment has not counted it yet. */
export const UNCOUNTED_MOVE_ANNOTATION =
  'in-place-updates.internal.cluster.x-k8s.io/pending-acknowledge-move';
/** CAPI, on a Machine: what is desired is written, and UpdateMachine is asked until it is done. */
export const UPDATE_IN_PROGRESS_ANNOTATION = 'in-place-updates.internal.cluster.x-k8s.io/update-in-progress';
/** CAPI, on a Machine: hooks that are still to be asked, separated by commas. */
export const PENDING_HOOKS_ANNOTATION = 'runtime.cluster.x-k8s.io/pending-hooks';
/** CAPI, on any of its objects: its controllers leave it alone. */
export const PAUSED_ANNOTATION = 'cluster.x-k8s.io/paused';
/** CAPI before 1.12, on a control-plane Machine: its ClusterConfiguration, which was compared with that of the owner. */
export const OLD_CAPI_ANNOTATION = 'controlplane.cluster.x-k8s.io/kubeadm-cluster-configuration';
/** CAPI, on a Machine: a person wants it replaced. */
export const REMEDIATE_ANNOTATION = 'cluster.x-k8s.io/remediate-machine';
/** CAPI, on a MachineSet and its Machines: tells the MachineSets of a MachineDeployment apart. */
export const UNIQUE_SET_LABEL = 'machine-template-hash';

/** CAPI, on a bootstrap or infrastructure object: the template that it was made from. */
export const CLONED_FROM_NAME_ANNOTATION = 'cluster.x-k8s.io/cloned-from-name';
export const CLONED_FROM_KIND_ANNOTATION = 'cluster.x-k8s.io/cloned-from-groupkind';

export const CLUSTER_NAME_LABEL = 'cluster.x-k8s.io/cluster-name';
export const CONTROL_PLANE_LABEL = 'cluster.x-k8s.io/control-plane';
export const CONTROL_PLANE_NAME_LABEL = 'cluster.x-k8s.io/control-plane-name';
export const DEPLOYMENT_NAME_LABEL = 'cluster.x-k8s.io/deployment-name';
export const SET_NAME_LABEL = 'cluster.x-k8s.io/set-name';

/** Labels of a Workflow, Job, Lease: which Machine, which operation of it. */
export const MACHINE_LABEL = `${OWN}/machine`;
export const MACHINE_UID_LABEL = `${OWN}/machine-uid`;
export const OPERATION_LABEL = `${OWN}/operation`;
/** Label of a Workflow that puts an operation back: which try of it. */
export const ROLLBACK_LABEL = `${OWN}/rollback`;
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'refit';

/** Annotation on a node's Job: digest of what it was started with, without the contents. */
export const INPUT_DIGEST_ANNOTATION = `${OWN}/input-sha256`;

/** Annotations on the Lease of a control plane, besides that of the Machine: the Node that its holder may disturb. */
export const NODE_ANNOTATION = `${OWN}/node`;
export const NODE_UID_ANNOTATION = `${OWN}/node-uid`;

/** Annotation on what Refit installs: what it is for and, if it is privileged, why. */
export const DESCRIPTION_ANNOTATION = `${OWN}/description`;
