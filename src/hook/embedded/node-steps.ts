// What each step does to a simulated node: the conditions and effects of the real ones, in no time.
import { hostPlanDigest } from '../../api/host-plan.ts';
import type { StepResult } from '../../api/step-result.ts';
import { step as stepRow } from '../../api/steps.ts';
import { failed, outcome, type NodeStep, type StepInput, type StepOutcome } from './node-step.ts';
import { etcdVersion, type NodeVersions, type SimulatedNode } from './node.ts';
import { checkSkew, mayDrain, preflight } from './preflight.ts';

type Effect = (node: SimulatedNode, input: StepInput) => StepOutcome;

/** Changes the node as the step would. Errors: StatusError Failed when the real step would refuse. */
export function performOnNode(node: SimulatedNode, step: NodeStep, input: StepInput): StepOutcome {
  const { planSha256 } = input;
  if (stepRow(step).group === 'flip' && planSha256 !== '' && planSha256 !== node.planSha256) {
    throw failed('plan file', node.planSha256 || 'none', planSha256);
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
  drain: (node, { drain, peers }) => {
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
  uncordon: (node) => {
    if (!node.cordonedByRefit) return outcome('not cordoned by Refit');
    node.cordoned = false;
    node.cordonedByRefit = false;
    return outcome('uncordoned', [{ what: 'unschedulable', from: 'true' }]);
  },
};

function stage(node: SimulatedNode, input: StepInput): StepOutcome {
  const { operation, machine, cluster, kubernetes, hash, release, steps } = input;
  const { name, ...runtime } = release;
  const isNew = node.versions.kubelet !== kubernetes && node.staged?.kubernetes !== kubernetes;
  const changes: StepResult['changes'] = isNew ? [{ what: 'staged binaries', to: kubernetes }] : [];
  node.staged = { kubernetes, ...runtime };
  node.planSha256 = hostPlanDigest({
    version: 1,
    operation,
    hash,
    machine,
    cluster,
    node: { name: node.name, uid: node.uid, machineID: `simulated-${node.name}` },
    role: node.role,
    kubernetes,
    release: name,
    steps: steps.map((step) => ({ name: step, timeoutSeconds: stepRow(step).timeoutSeconds })),
  });
  changes.push({ what: 'plan file', sha256: node.planSha256 });
  return { ...outcome('staged', changes), outputs: { 'plan-sha256': node.planSha256 } };
}

function replaceRuntime(
  node: SimulatedNode,
  name: 'containerd' | 'cni',
  to: string | undefined,
): StepOutcome {
  if (to === undefined) return outcome(`the release names no version of ${name}: left alone`);
  if (node.versions[name] !== to && node.staged?.[name] !== to)
    throw failed(`staged ${name}`, node.staged?.[name], to);
  return changed(setVersion(node, name, to));
}

function kubeadm(node: SimulatedNode, { kubernetes }: StepInput): StepOutcome {
  if (node.versions.kubeadm !== kubernetes) checkStaged(node, kubernetes);
  const changes = setVersion(node, 'kubeadm', kubernetes);
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
  checkStaged(node, kubernetes);
  if (node.versions.kubeadm !== kubernetes) throw failed('kubeadm', node.versions.kubeadm, kubernetes);
  checkSkew(node, input);
  return changed(setVersion(node, 'kubelet', kubernetes));
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

function checkStaged(node: SimulatedNode, kubernetes: string): void {
  if (node.staged?.kubernetes !== kubernetes)
    throw failed('staged binaries', node.staged?.kubernetes, kubernetes);
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
