// A plan, its input, and steps that only note what they are told.
import type { NodeCommand } from '../../../src/api/commands.ts';
import {
  desiredConfigurationDigest,
  type DesiredConfiguration,
} from '../../../src/api/desired-configuration.ts';
import { hostPlanDigest, type HostPlan } from '../../../src/api/host-plan.ts';
import type { NodeInput } from '../../../src/api/node-input.ts';
import type { FlipStep } from '../../../src/api/steps.ts';
import type { Action, NodeStep } from '../../../src/steps/node/node-step.ts';
import type { NodeSteps } from '../../../src/steps/operation/node-steps.ts';

export const MACHINE_ID = '0123456789abcdef0123456789abcdef';
export const HOSTNAME = 'worker-1';
export const BOOT_ID = 'b1c2d3e4-0000-4000-8000-000000000001';
export const OPERATION = 'refit-worker-1-0a1b2c3d-1';

export const DESIRED: DesiredConfiguration = {
  version: 1,
  files: [{ path: '/etc/motd', owner: 'root:root', permissions: '0600', content: 'aHVzaA==' }],
  kubeletExtraArgs: [],
  ignorePreflightErrors: [],
  certSANs: [],
};

export function plan(
  steps: readonly FlipStep[] = ['kubeadm', 'kubelet', 'verify'],
  operation = OPERATION,
): HostPlan {
  return {
    version: 1,
    operation,
    hash: 'v1:0123',
    machine: { namespace: 'lab', name: 'worker-1', uid: '11111111-2222-4333-8444-555555555555' },
    cluster: 'lab',
    node: { name: HOSTNAME, uid: '66666666-7777-4888-8999-000000000000', machineID: MACHINE_ID },
    role: 'worker',
    kubernetes: 'v1.34.3',
    release: 'v1.34.3-1',
    desiredSha256: desiredConfigurationDigest(DESIRED),
    policy: { untestedHosts: 'refuse', keepBackups: 2 },
    steps: steps.map((name) => ({ name, timeoutSeconds: 300 })),
  };
}

/** Kubeadm, then the kubelet, which waits for the drain. */
export function waitingPlan(waitSeconds = 3600): HostPlan {
  const { steps: listed, ...rest } = plan();
  return {
    ...rest,
    steps: listed.map((step) => (step.name === 'kubelet' ? { ...step, waitSeconds } : step)),
  };
}

/** Of a step whose list was staged. */
export function input(step: NodeCommand, hostPlan = plan(), more: Partial<NodeInput> = {}): NodeInput {
  const planSha256 = hostPlanDigest(hostPlan);
  return { version: 1, step, timeoutSeconds: 300, plan: hostPlan, planSha256, desired: DESIRED, ...more };
}

/** Has work until its file `/done/<name>` is there; the work writes that file. */
export function recordedStep(name: NodeCommand, more: Partial<NodeStep> = {}): NodeStep {
  const path = `/done/${name}`;
  return {
    name,
    prepare: async (host) => ({
      refusals: [],
      actions: (await host.files.status(path))
        ? []
        : [
            {
              do: 'write',
              path,
              content: Buffer.from(`${name}\n`),
              mode: 0o600,
              change: { what: name, to: 'done' },
            },
          ],
      notes: [],
    }),
    problems: async (host) =>
      (await host.files.status(path)) ? [] : [`${path}: got nothing, expected a file`],
    ...more,
  };
}

/** Its work does not end before the gate opens. */
export function gatedStep(name: NodeCommand): { step: NodeStep; begun: Promise<void>; open: () => void } {
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const perform = async (): Promise<void> => {
    begun.resolve();
    await gate.promise;
  };
  const work = {
    refusals: [],
    actions: [{ do: 'work', what: `wait in ${name}`, perform }],
    notes: [],
  } as const;
  const step: NodeStep = { name, prepare: async () => work, problems: async () => [] };
  return { step, begun: begun.promise, open: () => gate.resolve() };
}

/** All that a node does; `more` replaces some. */
export function steps(...more: readonly NodeStep[]): NodeSteps {
  const names = ['preflight', 'backup', 'stage', 'prepull'] as const;
  const flip = ['containerd', 'cni', 'kubeadm', 'configure', 'kubelet'] as const;
  const verify: NodeStep = {
    ...recordedStep('verify'),
    prepare: async () => ({ refusals: [], actions: [], notes: [] }),
    problems: async () => [],
  };
  const all = [...[...names, ...flip].map((name) => recordedStep(name)), verify, ...more];
  return new Map(all.map((step) => [step.name, step]));
}

/** A node with /etc/old and without /etc/new comes to have it the other way round, by several commands of two steps. */
export function stepsOfManyCommands(): NodeSteps {
  const kubeadm: NodeStep = {
    name: 'kubeadm',
    prepare: async (host) => {
      const isThere = async (path: string): Promise<boolean> => (await host.files.status(path)) !== undefined;
      const content = Buffer.from('new\n');
      const actions: Action[] = [];
      if (!(await isThere('/etc/new')))
        actions.push({ do: 'write', path: '/etc/new', content, mode: 0o600, change: { what: 'new' } });
      if (await isThere('/etc/old'))
        actions.push({ do: 'remove', path: '/etc/old', change: { what: 'old' } });
      return { refusals: [], actions, notes: [] };
    },
    problems: async (host) => ((await host.files.status('/etc/old')) ? ['/etc/old: got a file'] : []),
  };
  return steps(kubeadm);
}
