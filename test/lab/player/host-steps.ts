// What a step does to a node of the lab: its Node and its static pods show it, nothing else is there.
import { parse } from 'yaml';
import type { NodeCommand } from '../../../src/api/commands.ts';
import { hostPlanDigest, type HostPlan } from '../../../src/api/host-plan.ts';
import { parsePolicy } from '../../../src/api/policy.ts';
import type { StepResult } from '../../../src/api/step-result.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { nodeState } from '../../../src/steps/api/node.ts';
import { nodePath } from '../../../src/steps/api/paths.ts';
import { amend } from './amend.ts';
import type { InMemoryServer } from './in-memory-server.ts';
import { readRecord } from './host-record.ts';
import { appliedOn, apply, hasWork, setStaticPods } from './node-object.ts';

/** Differs from every digest: there is work again. */
const NOTHING_KNOWN = '0'.repeat(64);

export interface Effect {
  message: string;
  changes?: StepResult['changes'];
  outputs?: Record<string, string>;
}

export interface NodeWorld {
  /** Asks again while it is away. */
  server: InMemoryServer;
  imageMap: () => Promise<string>;
}

export type WorkStep = Exclude<NodeCommand, 'drain' | 'finish' | 'rollback'>;

export async function performOnNode(
  { server, imageMap }: NodeWorld,
  step: WorkStep,
  plan: HostPlan,
  /** For preflight. */
  hasElsewhere = false,
): Promise<Effect> {
  const path = nodePath(plan.node.name);
  const node = await server.get(path);
  const runtime = text(node, 'status', 'nodeInfo', 'containerRuntimeVersion') ?? '';
  switch (step) {
    case 'preflight': {
      const work = hasWork(node, plan);
      const isNewRuntime = (await wantedRuntime(imageMap, plan, runtime)) !== runtime;
      const outputs = {
        work: String(work),
        drain: String(work),
        'drain-first': String(isNewRuntime),
        elsewhere: String(hasElsewhere),
      };
      return { message: 'the node is well', outputs };
    }
    case 'backup':
      return { message: 'configuration saved', changes: [{ what: 'backup' }] };
    case 'stage':
      return {
        message: `release ${plan.release} staged`,
        changes: [{ what: 'stage', to: plan.kubernetes }],
        outputs: { 'plan-sha256': hostPlanDigest(plan) },
      };
    case 'renew-certificates':
      return { message: 'no certificate expires soon' };
    case 'prepull':
      return { message: 'images pulled', changes: [{ what: 'images', to: plan.kubernetes }] };
    case 'containerd': {
      const wanted = await wantedRuntime(imageMap, plan, runtime);
      if (wanted === runtime) return { message: 'done already' };
      await amend(server, path, () => ({ status: { nodeInfo: { containerRuntimeVersion: wanted } } }));
      return {
        message: `${runtime} to ${wanted}`,
        changes: [{ what: 'containerd', from: runtime, to: wanted }],
      };
    }
    case 'cni':
      return { message: 'done already' };
    case 'kubeadm': {
      const pods = plan.role === 'worker' ? 0 : await setStaticPods(server, plan.node.name, plan.kubernetes);
      const changes = pods === 0 ? [] : [{ what: 'static pods', to: plan.kubernetes }];
      return { message: `${pods} static pods changed`, changes };
    }
    case 'configure': {
      const from = appliedOn(node)?.desired;
      if (from === plan.desiredSha256) return { message: 'done already' };
      return { message: 'files and settings written', changes: [{ what: 'configuration' }] };
    }
    case 'kubelet': {
      const from = nodeState(node).kubeletVersion;
      if (!(await apply(server, plan))) return { message: 'done already' };
      const what = { what: 'kubelet', from, to: plan.kubernetes };
      return { message: `kubelet ${from} to ${plan.kubernetes}`, changes: [what] };
    }
    case 'verify': {
      const { kubeletVersion } = nodeState(node);
      return {
        message: `the node works, kubelet ${kubeletVersion}`,
        outputs: { containerd: runtime.replace('containerd://', '') },
      };
    }
  }
}

/** A release that names none leaves it alone. */
async function wantedRuntime(
  imageMap: NodeWorld['imageMap'],
  { release }: HostPlan,
  runtime: string,
): Promise<string> {
  const { containerd } =
    parsePolicy({ imageMap: (parse(await imageMap()) as unknown) ?? {} }).imageMap?.[release] ?? {};
  return containerd === undefined ? runtime : `containerd://${containerd}`;
}

/** Errors: none; what the host knows nothing of is left alone. */
export async function rollBack({ server }: Pick<NodeWorld, 'server'>, plan: HostPlan): Promise<Effect> {
  const { from, reports } = await readRecord(server, plan);
  if (Object.keys(reports).length === 0)
    return { message: `operation ${plan.operation} changed nothing here` };
  if (plan.role === 'control-plane') await setStaticPods(server, plan.node.name, from);
  const before: HostPlan = { ...plan, kubernetes: from, desiredSha256: NOTHING_KNOWN };
  await apply(server, before);
  return { message: `back to ${from}`, changes: [{ what: 'kubelet', from: plan.kubernetes, to: from }] };
}
