// Every step that a node does by itself, by name.
import { FLIP_STEPS, type FlipStep } from '../../api/steps.ts';
import type { NodeCommand } from '../../api/commands.ts';
import { backup } from './backup.ts';
import { cni } from './cni.ts';
import { configure } from './configure.ts';
import { containerd } from './containerd.ts';
import { kubeadm } from './kubeadm.ts';
import { kubelet } from './kubelet.ts';
import type { NodeStep } from './node-step.ts';
import { createPreflight } from './preflight.ts';
import { prepull } from './prepull.ts';
import { renewCertificates } from './renew-certificates.ts';
import { stage } from './stage.ts';
import { verify } from './verify.ts';

const FLIP: Readonly<Record<FlipStep, NodeStep>> = { containerd, cni, kubeadm, configure, kubelet, verify };

export const NODE_STEPS: ReadonlyMap<NodeCommand, NodeStep> = new Map(
  [
    createPreflight(FLIP_STEPS.map((name) => FLIP[name])),
    backup,
    stage,
    prepull,
    renewCertificates,
    ...Object.values(FLIP),
  ].map((step) => [step.name, step]),
);
