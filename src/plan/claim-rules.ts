// What Refit does about each field of a bootstrap configuration: data only, judged in claims.ts.
import type { Role } from '../api/steps.ts';
import { uncovered, type Uncovered, type WorkStep } from './claim.ts';

export type Ruling =
  | Uncovered
  | {
      verdict: 'claimed';
      reason: string;
      steps: readonly WorkStep[];
      /** `configure` then restarts a component of the control plane. */
      disturbs?: true;
    }
  /** It depends on the entry of the list. */
  | { verdict: 'by entry'; entry: 'file' | 'kubelet argument' };

/** A rule covers everything beneath its fields; the deepest rule that says something for the role decides. */
export interface ClaimRule {
  /** JSON pointers below the spec. */
  fields: readonly string[];
  controlPlane?: Ruling;
  worker?: Ruling;
}

const COMPONENTS = ['apiServer', 'controllerManager', 'scheduler'].map(
  (name) => `/clusterConfiguration/${name}`,
);
const ETCD = '/clusterConfiguration/etcd';
const REGISTRATION = '/joinConfiguration/nodeRegistration';

/** Section 3 of the CAPI contract; a field without a rule is uncovered. */
export const KUBEADM_RULES: readonly ClaimRule[] = [
  {
    fields: ['/clusterConfiguration', '/initConfiguration'],
    worker: claimed('kubeadm join does not read it: nothing to do on a worker'),
  },
  {
    fields: ['/clusterConfiguration/controlPlaneEndpoint', '/clusterConfiguration/dns'],
    controlPlane: uncovered('never changes in a control plane that CAPI manages'),
  },
  {
    fields: [
      '/clusterConfiguration/certificatesDir',
      '/clusterConfiguration/caCertificateValidityPeriodDays',
    ],
    controlPlane: uncovered('fixed when the cluster was made'),
  },
  {
    fields: [
      '/clusterConfiguration/imageRepository',
      `${ETCD}/local/imageRepository`,
      `${ETCD}/local/imageTag`,
    ],
    controlPlane: claimed('other images for the static pods', ['prepull', 'kubeadm']),
  },
  {
    fields: [
      '/clusterConfiguration/featureGates',
      `${ETCD}/local/extraArgs`,
      `${ETCD}/local/extraEnvs`,
      ...COMPONENTS.flatMap((name) => [`${name}/extraArgs`, `${name}/extraEnvs`, `${name}/extraVolumes`]),
    ],
    controlPlane: claimed('kubeadm renders the static pods anew', ['kubeadm']),
  },
  {
    fields: [
      '/clusterConfiguration/certificateValidityPeriodDays',
      '/clusterConfiguration/encryptionAlgorithm',
    ],
    controlPlane: claimed('holds for certificates that kubeadm makes from now on', ['kubeadm']),
  },
  {
    fields: ['/clusterConfiguration/apiServer/certSANs'],
    controlPlane: {
      ...claimed('the API server gets a new certificate', ['kubeadm', 'configure']),
      disturbs: true,
    },
  },
  {
    fields: [`${ETCD}/local/serverCertSANs`, `${ETCD}/local/peerCertSANs`],
    controlPlane: uncovered('etcd certificates are not made anew in place'),
  },
  {
    fields: [`${ETCD}/local/dataDir`, `${ETCD}/external`],
    controlPlane: uncovered('etcd data is not moved in place'),
  },

  {
    fields: ['/joinConfiguration/discovery'],
    ...both(claimed('used only while a node joins')),
  },
  {
    fields: ['/joinConfiguration/skipPhases', '/joinConfiguration/timeouts'],
    ...both(claimed('used only while a node joins')),
  },
  { fields: ['/joinConfiguration/caCertPath'], ...both(uncovered('fixed when the node joined')) },
  {
    fields: ['/joinConfiguration/controlPlane'],
    ...both(uncovered('the role and the API endpoint of a node are fixed when it joins')),
  },
  {
    fields: ['/joinConfiguration/patches/directory'],
    ...both(claimed('kubeadm applies the patches when it upgrades the node', ['kubeadm', 'kubelet'])),
  },
  {
    fields: [`${REGISTRATION}/kubeletExtraArgs`],
    ...both({ verdict: 'by entry', entry: 'kubelet argument' }),
  },
  {
    fields: [
      `${REGISTRATION}/ignorePreflightErrors`,
      `${REGISTRATION}/imagePullPolicy`,
      `${REGISTRATION}/imagePullSerial`,
    ],
    ...both(claimed('read by kubeadm only: nothing to do on the node')),
  },
  {
    fields: [`${REGISTRATION}/name`, `${REGISTRATION}/criSocket`, `${REGISTRATION}/taints`],
    ...both(uncovered('read only when a node registers')),
  },

  { fields: ['/files'], ...both({ verdict: 'by entry', entry: 'file' }) },
  { fields: ['/verbosity'], ...both(claimed('only how much kubeadm prints')) },
  { fields: ['/users'], ...both(uncovered('users are not changed in place')) },
  { fields: ['/ntp'], ...both(uncovered('time synchronisation is not changed in place')) },
  { fields: ['/diskSetup', '/mounts'], ...both(uncovered('disks are set up only when a machine is made')) },
  {
    fields: ['/bootCommands', '/preKubeadmCommands', '/postKubeadmCommands'],
    ...both(uncovered('commands run only when a machine is made')),
  },
  { fields: ['/format', '/ignition'], ...both(uncovered('read only when a machine is made')) },
];

export interface Recipe {
  /** API group of the kind. */
  group: string;
  rulings: Readonly<Record<Role, ReadonlyMap<string, Ruling>>>;
  /** Objects that only hold fields with rules. */
  containers: ReadonlySet<string>;
}

const KUBEADM = recipe('bootstrap.cluster.x-k8s.io', KUBEADM_RULES);

/** Bootstrap kind -> how its configuration is brought to a node; other kinds are never updated in place. */
export const BOOTSTRAP_RECIPES: ReadonlyMap<string, Recipe> = new Map([
  ['KubeadmConfig', KUBEADM],
  ['KubeadmConfigTemplate', KUBEADM],
]);

function recipe(group: string, rules: readonly ClaimRule[]): Recipe {
  const rulings = { 'control-plane': new Map<string, Ruling>(), worker: new Map<string, Ruling>() };
  const containers = new Set<string>();
  for (const { fields, controlPlane, worker } of rules) {
    for (const field of fields) {
      if (controlPlane) rulings['control-plane'].set(field, controlPlane);
      if (worker) rulings.worker.set(field, worker);
      for (let at = above(field); at !== ''; at = above(at)) containers.add(at);
    }
  }
  return { group, rulings, containers };
}

/** The pointer of the object that holds the field. */
export function above(field: string): string {
  return field.slice(0, field.lastIndexOf('/'));
}

function claimed(reason: string, steps: readonly WorkStep[] = []) {
  return { verdict: 'claimed', reason, steps } as const;
}

function both(ruling: Ruling): Pick<ClaimRule, 'controlPlane' | 'worker'> {
  return { controlPlane: ruling, worker: ruling };
}
