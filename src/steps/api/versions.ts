// Version rules that only the API servers can tell. Pure.
import type { Role } from '../../api/steps.ts';
import { isAboveApiServer, parseVersion, versionRefusal } from '../../api/version.ts';

export interface ApiServer {
  /** Node; undefined: whichever answered. */
  node?: string;
  version: string;
}

export interface Versions {
  role: Role;
  node: string;
  /** Of the Node now. */
  kubelet: string;
  target: string;
  apiServers: readonly ApiServer[];
}

/** Why the node may not be brought to the version; empty if it may. Errors: BadInput for what is no version. */
export function versionRefusals({ role, node, kubelet, target, apiServers }: Versions): string[] {
  const step = versionRefusal(kubelet, target, 'kubeletVersion');
  const skew =
    role === 'worker' ? aboveApiServers(target, apiServers) : apartFromApiServers(node, target, apiServers);
  return [...(step === undefined ? [] : [`kubelet: ${step}`]), ...skew];
}

/** The kubelet may talk to any of them. */
function aboveApiServers(target: string, apiServers: readonly ApiServer[]): string[] {
  return apiServers
    .filter(({ version }) => isAboveApiServer(target, version))
    .map((server) => `kubelet: got ${target}, expected at most the minor version of ${named(server)}`);
}

/** Its own API server moves with the node, by one minor at most; the others must be within one minor of it. */
function apartFromApiServers(node: string, target: string, apiServers: readonly ApiServer[]): string[] {
  return apiServers.flatMap((server) => {
    if (server.node === node) {
      const step = versionRefusal(server.version, target, 'API server version');
      return step === undefined ? [] : [`kube-apiserver: ${step}`];
    }
    const [wanted, other] = [
      parseVersion(target, 'version'),
      parseVersion(server.version, 'API server version'),
    ];
    const isNear = wanted.major === other.major && Math.abs(wanted.minor - other.minor) <= 1;
    return isNear
      ? []
      : [`kube-apiserver: got ${target}, expected within one minor version of ${named(server)}`];
  });
}

function named({ node, version }: ApiServer): string {
  return `the API server${node === undefined ? '' : ` on ${node}`}, ${version}`;
}
