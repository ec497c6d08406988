// What preflight asks the API servers, before and after the node has looked at itself.
import { StatusError } from '../../api/errors.ts';
import { DRAIN_NEEDS } from '../../api/host-plan.ts';
import { NODE_NAMESPACE, NODE_SERVICE_ACCOUNT } from '../../api/install.ts';
import type { JsonObject } from '../../api/json.ts';
import { text } from '../../kubernetes/fields.ts';
import { orAbsent } from './absent.ts';
import type { ApiStep, ApiStepContext } from './api-step.ts';
import { decideDrain } from './drain-decision.ts';
import { items } from './items.ts';
import { roleOf, targetVersion } from './machine.ts';
import { cordonedBy, nodeState } from './node.ts';
import { namespacePath, nodePath, podsPath, serviceAccountPath, VERSION } from './paths.ts';
import { imageVersion } from './static-pods.ts';
import { versionRefusals, type ApiServer } from './versions.ts';

const NODE_MANIFESTS = 'dist/refit-node.k8s.yaml';

/** Errors: Failed with every reason why the node must not be worked on. */
export const beforePreflight: ApiStep = async (context) => {
  const { workload, nodeName, machine } = context;
  const target = targetVersion(context);
  const node = await orAbsent(workload.get(nodePath(nodeName)));
  if (!node) throw refused([`Node ${nodeName}: not found in the workload cluster`]);
  const kubelet = nodeState(node).kubeletVersion;
  const apiServers = await apiServersOf(workload);
  const reasons = [
    ...identityRefusals(machine, node),
    ...versionRefusals({ role: roleOf(machine), node: nodeName, kubelet, target, apiServers }),
    ...(await placeRefusals(workload)),
  ];
  if (reasons.length > 0) throw refused(reasons);
  return { message: `Node ${nodeName} at ${kubelet} may go to ${target}`, changes: [] };
};

/** From the report alone: all that wait for it decide alike. Errors: Failed when the node has not reported. */
export const afterPreflight: ApiStep = async (context) => {
  const { workload, nodeName, flags, report } = context;
  if (!report) throw refused([`Node ${nodeName}: has not reported`]);
  const { work, drain, notes } = decideDrain({
    policy: flags.drain,
    hostHasWork: report.outputs['work'] === 'true',
    hostWantsDrain: DRAIN_NEEDS.find((need) => need === report.outputs['drain']) ?? 'false',
    leftCordonedBy: cordonedBy(await workload.get(nodePath(nodeName))),
    hasElsewhere: report.outputs['elsewhere'] === 'true',
  });
  return {
    message: [report.result.message, ...notes].filter((part) => part !== '').join('; '),
    changes: report.result.changes,
    outputs: { ...report.outputs, work: String(work), drain },
  };
};

/** Is it the Node of this Machine? Only what both of them say can be compared. */
function identityRefusals(machine: JsonObject, node: JsonObject): string[] {
  const pairs = [
    ['providerID', text(node, 'spec', 'providerID'), text(machine, 'spec', 'providerID')],
    ['uid', text(node, 'metadata', 'uid'), text(machine, 'status', 'nodeRef', 'uid')],
  ] as const;
  return pairs
    .filter(([, got, expected]) => got !== undefined && expected !== undefined && got !== expected)
    .map(([field, got, expected]) => `Node ${field}: got ${got}, expected ${expected} as the Machine says`);
}

async function apiServersOf(workload: ApiStepContext['workload']): Promise<ApiServer[]> {
  const found: ApiServer[] = [{ version: text(await workload.get(VERSION), 'gitVersion') ?? 'none' }];
  const labelSelector = 'component=kube-apiserver,tier=control-plane';
  for await (const pod of items(workload, podsPath('kube-system'), { labelSelector })) {
    const node = text(pod, 'spec', 'nodeName') ?? '';
    const version = imageVersion(pod);
    // Image by digest only: a kubelet is never newer than its API server.
    const isTagged = version?.startsWith('v') === true;
    found.push({
      node,
      version: isTagged ? version : nodeState(await workload.get(nodePath(node))).kubeletVersion,
    });
  }
  return found;
}

async function placeRefusals(workload: ApiStepContext['workload']): Promise<string[]> {
  const places = [
    [`Namespace ${NODE_NAMESPACE}`, namespacePath(NODE_NAMESPACE)],
    [`ServiceAccount ${NODE_SERVICE_ACCOUNT}`, serviceAccountPath(NODE_NAMESPACE, NODE_SERVICE_ACCOUNT)],
  ] as const;
  const missing: string[] = [];
  for (const [name, path] of places) if (!(await orAbsent(workload.get(path)))) missing.push(name);
  return missing.length === 0
    ? []
    : [`${missing.join(', ')}: not found in the workload cluster, apply ${NODE_MANIFESTS} there`];
}

function refused(reasons: readonly string[]): StatusError {
  return new StatusError(reasons.join('; '), { reason: 'Failed' });
}
