// What each step does to a simulated node: the conditions and effects of the real ones, in no time.
import { createHash } from 'node:crypto';
import { hostPlanDigest } from '../../api/host-plan.ts';
import type { StepResult } from '../../api/step-result.ts';
import { step as stepRow } from '../../api/steps.ts';
import { failed, outcome, type NodeStep, type StepInput, type StepOutcome } from './node-step.ts';
import { etcdVersion, type NodeVersions, type SimulatedNode } from './node.ts';
import { checkSkew, hasWork, mayDrain, preflight } from './preflight.ts';

type Effect = (node: SimulatedNode, input: StepInput) => StepOutcome;

/** Changes the node as the step would. Errors: StatusError Failed when the real step would refuse. */
export function performOnNode(node: SimulatedNode, step: NodeStep, input: StepInput): StepOutcome {
  const { operation, planSha256 } = input;
  if (stepRow(step).group === 'flip' && planSha256 !== '' && planSha256 !== node.plans.get(operation)) {
    throw failed('plan file', node.plans.get(operation), planSha256);
  }
  return EFFECTS[step](node, input);
}

const EFFECTS: Readonly<Record<NodeStep, Effect>> = {
  preflight,
  backup: (node, { operation }) => {
    node.backups.add(operation);
    return outcome(node.role === 'worker' ? 'configuration saved' : 'configuration and etcd snapshot saved');
  },
  stage,
  prepull: (node, { kubernetes }) => {
    const had = node.images.has(kubernetes);
    node.images.add(kubernetes);
    return outcome(
      had ? 'images are there' : 'images pulled',
      had ? [] : [{ what: 'images', to: kubernetes }],
    );
  },
  drain: (node, { drain, needed, peers }) => {
    if (!needed) return outcome('no pod has to move away');
    if (!mayDrain(drain, peers)) return outcome('not drained: policy never, or the only schedulable node');
    if (node.cordoned) return outcome('cordoned already; drained');
    node.cordoned = true;
    node.cordonedByRefit = true;
    return outcome('cordoned and drained', [{ what: 'unschedulable', to: 'true' }]);
  },
  containerd: (node, { release }) => replaceRuntime(node, 'containerd', release.containerd),
  cni: (node, { release }) => replaceRuntime(node, 'cni', release.cni),
  kubeadm,
  configure: (node, { hash }) => {
    if (hash === '' || hash === node.hash) return outcome('configuration is as desired');
    const change = { what: 'configuration', ...(node.hash === '' ? {} : { from: node.hash }), to: hash };
    node.hash = hash;
    return outcome('files and settings written', [change]);
  },
  kubelet,
  verify,
  uncordon: (node) =>
    removeCordon(node)
      ? outcome('uncordoned', [{ what: 'unschedulable', from: 'true' }])
      : outcome('not cordoned by Refit'),
};

/** True: it was there. */
export function removeCordon(node: SimulatedNode): boolean {
  const isOurs = node.cordonedByRefit;
  if (isOurs) node.cordoned = false;
  node.cordonedByRefit = false;
  return isOurs;
}

function stage(node: SimulatedNode, input: StepInput): StepOutcome {
  const { operation, machine, cluster, kubernetes, hash, release, steps } = input;
  const sha256 = hostPlanDigest({
    version: 1,
    operation,
    hash,
    machine,
    cluster,
    node: { name: node.name, uid: node.uid, machineID: `simulated-${node.name}` },
    role: node.role,
    kubernetes,
    release: release.name,
    desiredSha256: createHash('sha256').update(hash).digest('hex'),
    policy: { untestedHosts: 'refuse', keepBackups: 0 },
    steps: [...steps],
  });
  // No plan is left on a node that has nothing to do.
  if (!hasWork(node, input)) return { ...outcome('nothing to stage'), outputs: { 'plan-sha256': '' } };
  node.plans.set(operation, sha256);
  const wanted = {
    kubeadm: kubernetes,
    kubelet: kubernetes,
    containerd: release.containerd,
    cni: release.cni,
  };
  const changes: StepResult['changes'] = [{ what: 'plan file', sha256 }];
  for (const name of ['kubeadm', 'kubelet', 'containerd', 'cni'] as const) {
    const version = wanted[name];
    const binary = `${name} ${version}`;
    if (version === undefined || version === node.versions[name] || node.staged.has(binary)) continue;
    node.staged.add(binary);
    changes.push({ what: `staged ${name}`, to: version });
  }
  return { ...outcome('staged', changes), outputs: { 'plan-sha256': sha256 } };
}

function replaceRuntime(
  node: SimulatedNode,
  name: 'containerd' | 'cni',
  to: string | undefined,
): StepOutcome {
  if (to === undefined) return outcome(`the release names no version of ${name}: left alone`);
  return changed(install(node, name, to));
}

function kubeadm(node: SimulatedNode, { kubernetes }: StepInput): StepOutcome {
  const changes = install(node, 'kubeadm', kubernetes);
  if (node.role === 'worker') return changed(changes);
  const components = [
    ...setVersion(node, 'etcd', etcdVersion(kubernetes)),
    ...setVersion(node, 'kube-apiserver', kubernetes),
  ];
  return changed([...changes, ...components]);
}

function kubelet(node: SimulatedNode, input: StepInput): StepOutcome {
  const { kubernetes } = input;
  if (node.versions.kubelet === kubernetes) return changed([]);
  if (node.versions.kubeadm !== kubernetes) throw failed('kubeadm', node.versions.kubeadm, kubernetes);
  checkSkew(node, input);
  return changed(install(node, 'kubelet', kubernetes));
}

function verify(node: SimulatedNode, { kubernetes }: StepInput): StepOutcome {
  const { versions } = node;
  if (versions.kubelet !== kubernetes) throw failed('kubelet', versions.kubelet, kubernetes);
  if (node.role === 'control-plane' && versions['kube-apiserver'] !== kubernetes) {
    throw failed('kube-apiserver', versions['kube-apiserver'], kubernetes);
  }
  if (!node.ready) throw failed('Node condition Ready', 'False', 'True');
  return outcome(`Node reports ${kubernetes} and Ready`);
}

/** Only what was staged, and checked there, gets into its place. */
function install(node: SimulatedNode, name: keyof NodeVersions, to: string): StepResult['changes'] {
  if (node.versions[name] !== to && !node.staged.has(`${name} ${to}`)) {
    throw failed(`staged ${name}`, undefined, to);
  }
  return setVersion(node, name, to);
}

function setVersion(node: SimulatedNode, name: keyof NodeVersions, to: string): StepResult['changes'] {
  const from = node.versions[name];
  if (from === to) return [];
  node.versions[name] = to;
  return [{ what: name, ...(from === undefined ? {} : { from }), to }];
}

function changed(changes: StepResult['changes']): StepOutcome {
  const parts = changes.map(({ what, from, to }) => `${what} ${from ?? 'none'} to ${to ?? 'none'}`);
  return outcome(parts.join(', ') || 'done already', changes);
}
