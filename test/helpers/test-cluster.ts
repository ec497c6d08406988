// Where store tests run: on the stand-in, or on a real API server (with the CRDs of Cluster API and Argo) if
// REFIT_TEST_KUBECONFIG names its kubeconfig.
import { randomBytes } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../src/api/clock.ts';
import { createApiClient, type ApiClient } from '../../src/kubernetes/api-client.ts';
import { ApiServer } from './api-server.ts';

export interface TestCluster {
  kubeConfig: KubeConfig;
  /** For what others do: create, change, read. */
  client: ApiClient;
  /** New for each test file. */
  namespace: string;
  close(): Promise<void>;
}

export async function testCluster(clock: Clock): Promise<TestCluster> {
  const file = process.env['REFIT_TEST_KUBECONFIG'];
  const server = file === undefined ? new ApiServer() : undefined;
  await server?.start();
  const kubeConfig = server?.kubeConfig() ?? new KubeConfig();
  if (file !== undefined) kubeConfig.loadFromFile(file);
  const client = createApiClient(kubeConfig, clock);
  const namespace = `refit-test-${randomBytes(4).toString('hex')}`;
  await client.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  return {
    kubeConfig,
    client,
    namespace,
    async close() {
      await client.close();
      await server?.stop();
    },
  };
}
