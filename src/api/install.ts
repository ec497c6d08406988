// Names and paths that the manifests fix and the programs rely on.

/** ServiceAccount of step pods, in each namespace with Clusters. */
export const WORKFLOW_SERVICE_ACCOUNT = 'refit-workflow';

/** Of the privileged Jobs, in each workload cluster. */
export const NODE_NAMESPACE = 'capi-refit-node';
export const NODE_SERVICE_ACCOUNT = 'refit-node';

/** ConfigMap with the image map, beside the server and in each namespace with Clusters. */
export const IMAGE_MAP_CONFIG_MAP = 'refit-image-map';

/** Mounted in step pods: the kubeconfig of the workload cluster (it rotates: read it each time). */
export const KUBECONFIG_FOLDER = '/etc/refit/kubeconfig';
export const KUBECONFIG_KEY = 'value';

/** Mounted in step pods and in the server. */
export const IMAGE_MAP_FOLDER = '/etc/refit/images';
export const IMAGE_MAP_KEY = 'images.yaml';

/** Mounted in node Jobs: what the step pod hands over (node-input.ts). */
export const INPUT_FOLDER = '/etc/refit/input';
export const INPUT_KEY = 'input.json';

/** In both images: `node` and `refit.js`. In the upgrader image: components.json and the binaries beside it. */
export const PROGRAM_FOLDER = '/opt/refit/program';
export const COMPONENTS_FOLDER = '/opt/refit/components';

/** Held in the workload cluster by the operation that may disturb a control-plane node. */
export const CONTROL_PLANE_LEASE = 'refit-control-plane';
