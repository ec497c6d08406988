// How many requests the API server has answered, in all and by who asked.
import { SERVER, SERVER_NAMESPACE } from '../../../src/charts/names.ts';
import { WORKFLOW_SERVICE_ACCOUNT } from '../../../src/api/install.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { type Apply } from '../../apiserver/apply.ts';
import { ARGO_NAMESPACE, ARGO_SERVICE_ACCOUNT } from '../objects/argo.ts';

/** Told by FlowSchemas of our own: the API server counts by them, and not by user. */
export const CLIENTS = ['refit', 'argo', 'steps'] as const;
export type Client = (typeof CLIENTS)[number];

export interface ApiRequests {
  all: number;
  /** The rest is Cluster API's, the garbage collector's, the player's. */
  by: Record<Client, number>;
}

const PREFIX = 'lab-';

/** Before the clients connect. They keep the priority that they have without. */
export async function tellClientsApart(apply: Apply, namespace: string): Promise<void> {
  await apply([
    flowSchema('refit', SERVER_NAMESPACE, SERVER),
    flowSchema('argo', ARGO_NAMESPACE, ARGO_SERVICE_ACCOUNT),
    flowSchema('steps', namespace, WORKFLOW_SERVICE_ACCOUNT),
  ]);
}

/** From the text of /metrics. */
export function apiRequests(metrics: string): ApiRequests {
  const sum = (name: string, label = '') =>
    metrics
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  const by = (client: Client) =>
    sum('apiserver_flowcontrol_dispatched_requests_total', `flow_schema="${PREFIX}${client}"`);
  return {
    all: sum('apiserver_request_total'),
    by: { refit: by('refit'), argo: by('argo'), steps: by('steps') },
  };
}

function flowSchema(client: Client, namespace: string, name: string): JsonObject {
  const all = ['*'];
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: `${PREFIX}${client}` },
    spec: {
      // That of the built-in schema of service accounts, before which it must come.
      priorityLevelConfiguration: { name: 'workload-low' },
      matchingPrecedence: 8000,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [{ kind: 'ServiceAccount', serviceAccount: { namespace, name } }],
          resourceRules: [
            { verbs: all, apiGroups: all, resources: all, namespaces: all, clusterScope: true },
          ],
          nonResourceRules: [{ verbs: all, nonResourceURLs: all }],
        },
      ],
    },
  };
}
