// Clients for steps: of the management cluster with the rights of step pods, of workload clusters from their Secrets.
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../../src/api/clock.ts';
import {
  IMAGE_MAP_CONFIG_MAP,
  IMAGE_MAP_KEY,
  KUBECONFIG_KEY,
  WORKFLOW_SERVICE_ACCOUNT,
} from '../../../src/api/install.ts';
import { createApiClient, type ApiClient } from '../../../src/kubernetes/api-client.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { configMapPath, secretPath } from '../../../src/steps/launcher/paths.ts';
import { patientClient } from '../../../src/steps/launcher/patient-client.ts';
import { serviceAccountConfig } from '../../helpers/service-account.ts';
import { playedHosts } from './host.ts';
import { inMemoryServer } from './in-memory-server.ts';
import { nodeApi } from './node-api.ts';
import { playJob } from './play-job.ts';
import type { Script } from './script.ts';
import { workloadClient } from './workload-client.ts';

const TOKEN_SECONDS = 86_400;

export interface Connection {
  client: ApiClient;
  kubeConfig: KubeConfig;
}

export interface Clusters {
  /** As the ServiceAccount of step pods in that namespace, with connections of its own as each of them has. */
  management(namespace: string): Promise<Connection>;
  workload(namespace: string, cluster: string): Promise<Connection>;
  imageMap(namespace: string): Promise<string>;
}

export interface ClustersOptions {
  adminConfig: KubeConfig;
  /** Kubelets are asked to mount things, not step pods. Asks again while the API server is away. */
  admin: ApiClient;
  script: Script;
  /** The real one. */
  clock: Clock;
  log: (line: string) => void;
}

export function createClusters({ adminConfig, admin, script, clock, log }: ClustersOptions): Clusters {
  const accounts = new Map<string, { made: Promise<KubeConfig>; renewAt: number }>();
  const workloads = new Map<string, { content: string; connection: Connection }>();

  async function imageMap(namespace: string): Promise<string> {
    const configMap = await admin.get(configMapPath(namespace, IMAGE_MAP_CONFIG_MAP));
    return text(configMap, 'data', IMAGE_MAP_KEY) ?? '';
  }

  function login(namespace: string): Promise<KubeConfig> {
    const known = accounts.get(namespace);
    if (known && clock.monotonic() < known.renewAt) return known.made;
    const account = { namespace, name: WORKFLOW_SERVICE_ACCOUNT, expirationSeconds: TOKEN_SECONDS };
    const create = (path: string, body: object) => admin.create(path, body);
    const made = serviceAccountConfig(adminConfig, create, account);
    accounts.set(namespace, { made, renewAt: clock.monotonic() + TOKEN_SECONDS / 2 });
    made.catch(() => accounts.delete(namespace));
    return made;
  }

  /** With its hosts: another kubeconfig is another cluster. */
  function newWorkload(namespace: string, content: string): Connection {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromString(content);
    const server = inMemoryServer(kubeConfig, clock);
    const signal = new AbortController().signal;
    const patient = patientClient(server, { name: 'workload cluster', clock, log, signal });
    const hosts = playedHosts({
      server: { ...patient, put: (...request) => server.put(...request) },
      imageMap: () => imageMap(namespace),
      script,
      clock,
    });
    const api = nodeApi();
    const begin = (job: string): void => {
      playJob(api, hosts, job).catch((error: Error) => log(`Job ${job}: ${error.stack ?? error.message}`));
    };
    return { kubeConfig, client: workloadClient({ server, nodeApi: api, begin, clock }) };
  }

  return {
    imageMap,
    async management(namespace) {
      const kubeConfig = await login(namespace);
      return { kubeConfig, client: createApiClient(kubeConfig, clock) };
    },
    async workload(namespace, cluster) {
      const secret = await admin.get(secretPath(namespace, `${cluster}-kubeconfig`));
      const content = Buffer.from(text(secret, 'data', KUBECONFIG_KEY) ?? '', 'base64').toString();
      const known = workloads.get(`${namespace}/${cluster}`);
      if (known?.content === content) return known.connection;
      const connection = newWorkload(namespace, content);
      workloads.set(`${namespace}/${cluster}`, { content, connection });
      return connection;
    },
  };
}
