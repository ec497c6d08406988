// The pod of a step: unprivileged, with what it needs mounted read-only.
import { OUTPUT_FOLDER } from '../api/commands.ts';
import { IMAGE_MAP_CONFIG_MAP, IMAGE_MAP_FOLDER, KUBECONFIG_FOLDER, KUBECONFIG_KEY } from '../api/install.ts';
import { reference } from './parameters.ts';

const USER = 65_532;

/** Also for Argo's own containers: they run as this user when their image would run as root. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** The kubeconfig of the workload cluster is its administrator's: readable by the pod's own group only. */
export const volumes = [
  {
    name: 'kubeconfig',
    secret: {
      secretName: `${reference('cluster')}-kubeconfig`,
      items: [{ key: KUBECONFIG_KEY, path: KUBECONFIG_KEY }],
      defaultMode: 0o440,
    },
  },
  { name: 'images', configMap: { name: IMAGE_MAP_CONFIG_MAP } },
  { name: 'outputs', emptyDir: {} },
];

export const volumeMounts = [
  { name: 'kubeconfig', mountPath: KUBECONFIG_FOLDER, readOnly: true },
  { name: 'images', mountPath: IMAGE_MAP_FOLDER, readOnly: true },
  { name: 'outputs', mountPath: OUTPUT_FOLDER },
];
