import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { nodeInputSchema } from '../../../src/api/node-input.ts';
import { systemClock } from '../../../src/cli/clock.ts';
import { checkInstalled } from '../../../src/steps/launcher/check-installed.ts';
import {
  releaseControlPlaneLease,
  takeControlPlaneLease,
} from '../../../src/steps/launcher/control-plane-lease.ts';
import { launchNodeStep } from '../../../src/steps/launcher/launch.ts';
import type { Remote } from '../../../src/steps/launcher/remote.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { IMAGE, sampleInput, sampleReport } from '../../steps/launcher/samples.ts';
import type { Hosts } from './host.ts';
import { inMemoryServer, type InMemoryServer } from './in-memory-server.ts';
import { KUBEADM_CONFIG } from './kubeadm-config.ts';
import { nodeApi, type NodeApi } from './node-api.ts';
import { playJob } from './play-job.ts';
import { workloadClient } from './workload-client.ts';

const POD = { collection: '/api/v1/pods', namespace: 'default', name: 'web-1' };
const BUDGET = { collection: '/apis/policy/v1/poddisruptionbudgets', namespace: 'default', name: 'web' };
const NODE = { collection: '/api/v1/nodes', namespace: '', name: 'node-1' };
const clock = systemClock(20);
let server: ApiServer;
let client: InMemoryServer;
let api: NodeApi;
let hosts: Hosts;
let lines: string[];
let remote: Remote;

/** Another player in front of the same cluster. */
function connected(): Remote {
  api = nodeApi();
  const begin = (job: string): void => void playJob(api, { launch: (input) => hosts.launch(input) }, job);
  const workload = workloadClient({ server: client, nodeApi: api, begin, clock });
  const signal = new AbortController().signal;
  return { management: client, workload, clock, log: (line) => void lines.push(line), signal };
}

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = inMemoryServer(server.kubeConfig(), systemClock());
  lines = [];
  hosts = { launch: async () => sampleReport() };
  remote = connected();
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

const holder = (operation: string) => ({
  ...{ operation, namespace: 'lab', machine: 'cp-1' },
  node: { name: 'node-1', uid: 'node-uid' },
});
const launch = () =>
  launchNodeStep(remote, { workflow: 'refit-cp-1-3', number: 3, input: sampleInput(), image: IMAGE });

describe('a workload cluster in front of its in-memory API', () => {
  it('runs the Job of a step: input, log, report', async () => {
    let given: unknown;
    hosts = {
      async launch(input) {
        given = input;
        return sampleReport();
      },
    };
    expect(await launch()).toEqual(sampleReport());
    expect(given).toEqual(nodeInputSchema.parse(sampleInput()));
    expect(lines.join('\n')).toContain(`played: ${sampleInput().step} of`);
    expect(server.count('create')).toBe(0);
    // Found ended: the host is not asked again.
    hosts = { launch: () => Promise.reject(new Error('asked again')) };
    expect(await launch()).toEqual(sampleReport());
  });

  it('keeps Leases where the next player finds them, and refuses a write that comes too late', async () => {
    await remote.workload.create('/api/v1/namespaces', { metadata: { name: 'capi-refit-node' } });
    server.data.create(NODE, { metadata: { uid: 'node-uid' } });
    await takeControlPlaneLease(remote, holder('one'), 1);
    await expect(takeControlPlaneLease(connected(), holder('two'), 1)).rejects.toMatchObject({
      reason: 'Unavailable',
    });
    await releaseControlPlaneLease(remote, 'one');
    await takeControlPlaneLease(connected(), holder('two'), 1);
    const lease = '/apis/coordination.k8s.io/v1/namespaces/capi-refit-node/leases/refit-control-plane';
    const late = remote.workload.mergePatch(lease, { metadata: { resourceVersion: '1' }, spec: {} });
    await expect(late).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('has what the node manifests install', async () => {
    await checkInstalled(remote);
    await checkInstalled(remote);
  });

  it('has kubeadm-config as kubeadm leaves it, and keeps what is written there', async () => {
    const metadata = { namespace: 'kube-system', name: 'kubeadm-config' };
    server.data.create(
      { collection: '/api/v1/configmaps', ...metadata },
      { metadata, data: { ClusterConfiguration: '' } },
    );
    const image = 'registry.k8s.io/kube-apiserver:v1.34.3';
    server.data.create(
      { ...POD, namespace: 'kube-system' },
      { metadata: { labels: { component: 'kube-apiserver' } }, spec: { containers: [{ image }] } },
    );
    const read = async () =>
      text(await remote.workload.get(KUBEADM_CONFIG), 'data', 'ClusterConfiguration') ?? '';
    expect(parse(await read())).toMatchObject({ kind: 'ClusterConfiguration', kubernetesVersion: 'v1.34.3' });
    await remote.workload.mergePatch(KUBEADM_CONFIG, { data: { ClusterConfiguration: 'kind: Changed' } });
    expect(await read()).toBe('kind: Changed');
  });

  it('evicts a pod unless a PodDisruptionBudget forbids it', async () => {
    const evict = () => remote.workload.create('/api/v1/namespaces/default/pods/web-1/eviction', {});
    server.data.create(POD, { metadata: { name: 'web-1', namespace: 'default', labels: { app: 'web' } } });
    const spec = { selector: { matchLabels: { app: 'web' } } };
    server.data.create(BUDGET, { metadata: { name: 'web' }, spec, status: { disruptionsAllowed: 0 } });
    await expect(evict()).rejects.toMatchObject({ reason: 'Unavailable' });
    server.data.patch(BUDGET, { status: { disruptionsAllowed: 1 } });
    await evict();
    expect(server.data.get(POD)).toBeUndefined();
  });
});
