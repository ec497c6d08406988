// 1,000 operations in flight on the Kubernetes store, against the stand-in API server of the tests, which counts calls.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generate } from 'selfsigned';
import { HOOKS_API_VERSION } from '../src/api/hooks.ts';
import type { JsonObject } from '../src/api/json.ts';
import { STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../src/api/labels.ts';
import { ApiServer } from '../test/helpers/api-server.ts';
import { recorded } from '../test/helpers/requests.ts';
import { latencies, p99, sendAll, startServer, type Call } from './server-process.ts';

const PATH = `/${HOOKS_API_VERSION}/updatemachine/update-machine`;
const OPERATIONS = 1000;
const RATE = 200;
const POLLS = 2000;

export async function measurePolls() {
  const api = new ApiServer();
  await api.start();
  const folder = mkdtempSync(path.join(tmpdir(), 'refit-bench-'));
  try {
    fill(api);
    const server = await startServer('--store', 'kubernetes', ...(await files(api, folder)));
    try {
      const calls = Array.from({ length: POLLS }, (_, index) => poll(index % OPERATIONS));
      await server.ready();
      // The first calls start the operations; Argo's part of it is a status that says Running.
      await sendAll(server.port, calls.slice(0, OPERATIONS));
      await quiet(api);
      await latencies(server.port, calls.slice(0, RATE * 2), RATE);
      api.requests = [];
      const measured = await latencies(server.port, calls, RATE);
      const apiCalls = api.requests.filter(({ verb }) => verb !== 'watch').length;
      return {
        operations: OPERATIONS,
        polls: POLLS,
        p99Ms: p99(measured),
        apiCalls,
        rssMiB: server.rssMiB(),
      };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
    await api.stop();
  }
}

/** Until nothing has been asked for a second: Events are written behind the answers. */
async function quiet(api: ApiServer): Promise<void> {
  for (let before = -1; before !== api.requests.length;) {
    before = api.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function poll(index: number): Call {
  const template = 'md-version-1.33-to-1.34/02-updatemachine-refit-md-0-gb7wv-fmtz5.json';
  return {
    path: PATH,
    body: JSON.stringify(recorded(template, ['/desired/machine/metadata/name', machineName(index)])),
  };
}

/** A kubeconfig of the stand-in, and the certificate that a server on Kubernetes must be given. */
async function files(api: ApiServer, folder: string): Promise<string[]> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'bench' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  const at = (name: string, content: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  return [
    ...['--kubeconfig', at('kubeconfig', api.kubeConfig().exportConfig())],
    ...['--tls-cert-file', at('tls.crt', cert), '--tls-private-key-file', at('tls.key', key)],
    ...['--image-map', at('images.yaml', IMAGE_MAP)],
  ];
}

const IMAGE_MAP = `{"v1.34.3": {"kubernetes": "v1.34.3", "image": "registry.example.com/upgrader@sha256:${'a'.repeat(64)}"}}`;

/** What is in the management cluster before the first call. */
function fill(api: ApiServer): void {
  const capi = '/apis/cluster.x-k8s.io/v1beta2';
  const labels = { [STRATEGY_LABEL]: STRATEGY_IN_PLACE };
  create(api, `${capi}/clusters`, { metadata: { namespace: 'lab', name: 'refit', labels }, spec: {} });
  for (let index = 0; index < OPERATIONS; index += 1) {
    const name = machineName(index);
    create(api, `${capi}/machines`, {
      metadata: { namespace: 'lab', name, labels: { 'cluster.x-k8s.io/cluster-name': 'refit' } },
      spec: { clusterName: 'refit', version: 'v1.34.3' },
      status: { nodeRef: { name }, nodeInfo: { kubeletVersion: 'v1.33.7' } },
    });
  }
  // Argo's part: a Workflow that was created begins to run, with the status of its nodes.
  const workflows = '/apis/argoproj.io/v1alpha1/workflows';
  api.data.onChange(({ collection, name, before }) => {
    if (collection !== workflows || before) return;
    setImmediate(() =>
      api.data.patch({ collection, namespace: 'lab', name }, { status: runningStatus(name) }),
    );
  });
}

function create(
  api: ApiServer,
  collection: string,
  object: JsonObject & { metadata: JsonObject & { namespace: string; name: string } },
): void {
  const { namespace, name } = object.metadata;
  api.data.create({ collection, namespace, name }, object);
}

/** The DAG's node and those of five steps, each with the fields that Argo fills in. */
function runningStatus(workflow: string): JsonObject {
  const startedAt = '2026-01-01T00:00:00Z';
  const steps = ['preflight', 'protect', 'backup', 'stage', 'prepull'];
  const nodes = steps.map((step, index): [string, JsonObject] => {
    const isOver = index < steps.length - 1;
    return [
      `${workflow}-${index}`,
      {
        id: `${workflow}-${index}`,
        name: `${workflow}.${step}`,
        displayName: step,
        type: 'Pod',
        templateScope: `local/${workflow}`,
        phase: isOver ? 'Succeeded' : 'Running',
        boundaryID: workflow,
        startedAt,
        ...(isOver ? { finishedAt: startedAt } : {}),
        resourcesDuration: { cpu: 0, memory: 2 },
        outputs: {
          parameters: [{ name: 'result', value: `{"version":1,"step":"${step}","outcome":"unchanged"}` }],
        },
      },
    ];
  });
  const dag = {
    id: workflow,
    name: workflow,
    displayName: workflow,
    type: 'DAG',
    phase: 'Running',
    startedAt,
    children: [],
  };
  return {
    phase: 'Running',
    startedAt,
    progress: '4/5',
    nodes: { [workflow]: dag, ...Object.fromEntries(nodes) },
  };
}

function machineName(index: number): string {
  return `refit-md-0-gb7wv-${String(index).padStart(5, '0')}`;
}
