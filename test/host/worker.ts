// A worker node as image-builder lays it out, with stand-ins for its components, and what a step pod would hand it.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  desiredConfigurationDigest,
  type DesiredConfiguration,
} from '../../src/api/desired-configuration.ts';
import { hostPlanDigest, type HostPlan } from '../../src/api/host-plan.ts';
import type { NodeCommand } from '../../src/api/commands.ts';
import type { NodeInput } from '../../src/api/node-input.ts';
import { REPORT_LINE, stepReportSchema, type StepReport } from '../../src/api/step-result.ts';
import { FLIP_STEPS, step as stepRow, type FlipStep } from '../../src/api/steps.ts';
import { createMachine, type Machine } from './machine.ts';
import { KUBELET_DROP_IN } from '../helpers/kubelet-drop-in.ts';
import type { Running } from './nspawn.ts';
import { makeRelease, standins, type Versions } from './standins.ts';

export const OLD: Versions = { kubernetes: 'v1.33.9', containerd: '1.7.27', cni: '1.6.1' };
export const NEW: Versions = { kubernetes: 'v1.34.4', containerd: '1.7.28', cni: '1.6.2' };

const fromRoot = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const NODE_NAME = 'edge-1';
/** What an order belongs to that names none. */
export const OPERATION = 'refit-edge-1-0badcafe-1';

export interface Worker extends Machine {
  /** `refit host launch` for a step, as the Job's container starts it; does not wait. */
  launch(order: Order): Running;
  /** `refit host enter`: what the Job's container runs, which then launches the step. */
  enter(order: Order): Running;
  /** `launch`, and waits for the report. */
  step(order: Order): Promise<{ code: number; report: StepReport | undefined; output: string }>;
  /** `refit host ...` on the machine. */
  refit(...words: string[]): { code: number; stdout: string; stderr: string };
  planOf(order: Order): HostPlan;
  /** Folder of the releases, outside. */
  releases: string;
}

/** What is on the machine, and what runs. */
export function componentsOf(machine: Machine) {
  const run = (argv: readonly string[]) => machine.run(argv);
  const word = (argv: readonly string[], pattern: RegExp) => pattern.exec(run(argv).stdout)?.[1];
  const pid = run(['systemctl', 'show', '--value', '-p', 'MainPID', 'kubelet']).stdout.trim();
  return {
    kubelet: word(['kubelet', '--version'], /(v\S+)/),
    running: word([`/proc/${pid}/exe`, '--version'], /(v\S+)/),
    kubeadm: word(['kubeadm', 'version', '-o', 'short'], /(v\S+)/),
    containerd: word(['ctr', 'version'], /Server:\s+Version:\s+(v\S+)/),
    cni: word(['/opt/cni/bin/loopback', '--version'], /(v\S+)/),
  };
}

export interface Order {
  step: NodeCommand;
  operation?: string;
  /** Default: all of the flip group. */
  steps?: readonly FlipStep[];
  /** Waits for drain. */
  waiting?: FlipStep;
  /** Of drain. */
  drained?: boolean;
  timeoutSeconds?: number;
  planSha256?: string | undefined;
  files?: DesiredConfiguration['files'];
  machineID?: string;
  workflowStatus?: string;
  hash?: string;
}

/** Errors: why it does not come up. */
export async function createWorker(
  releases: Readonly<Record<string, Versions>> = { r2: NEW },
): Promise<Worker> {
  const folder = mkdtempSync(path.join(tmpdir(), 'refit-releases-'));
  for (const [name, versions] of Object.entries(releases)) makeRelease(path.join(folder, name), versions);
  const binds = {
    '/opt/refit/program/node': fromRoot('node_modules/node/bin/node'),
    '/opt/refit/program/refit.js': fromRoot('bundle/host/refit.js'),
    '/opt/refit/components': path.join(folder, 'r2'),
    '/opt/releases': folder,
  };
  const machine = await createMachine(NODE_NAME, layOut, binds);
  const machineID = machine.run(['cat', '/etc/machine-id']).stdout.trim();

  const planOf = ({ operation = OPERATION, steps = FLIP_STEPS, ...order }: Order): HostPlan => ({
    version: 1,
    operation,
    hash: order.hash ?? 'v1-0123456789abcdef',
    machine: { namespace: 'site', name: 'edge-1', uid: 'machine-uid' },
    cluster: 'edge',
    node: { name: NODE_NAME, uid: 'node-uid', machineID: order.machineID ?? machineID },
    role: 'worker',
    kubernetes: (releases['r2'] ?? NEW).kubernetes,
    release: 'r2',
    desiredSha256: desiredConfigurationDigest(desiredOf(order)),
    policy: { untestedHosts: 'refuse', keepBackups: 2 },
    steps: steps.map((name) => ({
      name,
      timeoutSeconds: order.timeoutSeconds ?? stepRow(name).timeoutSeconds,
      ...(name === order.waiting ? { waitSeconds: 600 } : {}),
    })),
  });

  function inputOf(order: Order): NodeInput {
    const plan = planOf(order);
    const isOfList = order.step === 'drain' || FLIP_STEPS.some((name) => name === order.step);
    return {
      version: 1,
      step: order.step,
      timeoutSeconds: order.timeoutSeconds ?? 120,
      plan,
      planSha256: order.planSha256 ?? (isOfList ? hostPlanDigest(plan) : ''),
      desired: desiredOf(order),
      ...(order.drained === undefined ? {} : { drained: order.drained }),
      ...(order.workflowStatus === undefined ? {} : { workflowStatus: order.workflowStatus }),
    };
  }

  const program = ['/opt/refit/program/node', '/opt/refit/program/refit.js', 'host'];

  function launch(order: Order): Running {
    return machine.start(
      [...program, 'launch', '--components=/opt/releases/r2'],
      JSON.stringify(inputOf(order)),
    );
  }

  function enter(order: Order): Running {
    // A container has its own mounts and libraries; this one has the machine's, and a folder of its own.
    mkdirSync(path.join(machine.root, 'etc/refit/input'), { recursive: true });
    writeFileSync(path.join(machine.root, 'etc/refit/input/input.json'), JSON.stringify(inputOf(order)));
    return machine.start(['env', 'LD_LIBRARY_PATH=/opt/image/lib', ...program, 'enter']);
  }

  return {
    ...machine,
    launch,
    enter,
    async step(order) {
      const running = launch(order);
      const code = await running.ended;
      return { code, report: reportIn(running.output()), output: running.output() };
    },
    refit: (...words) => machine.run([...program, ...words]),
    planOf,
    releases: folder,
    async remove() {
      await machine.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The last line that is one. */
export function reportIn(output: string): StepReport | undefined {
  const line = output.split('\n').findLast((each) => each.startsWith(REPORT_LINE));
  return line === undefined ? undefined : stepReportSchema.parse(JSON.parse(line.slice(REPORT_LINE.length)));
}

function desiredOf({ files = [] }: Pick<Order, 'files'>): DesiredConfiguration {
  return { version: 1, files, kubeletExtraArgs: [], ignorePreflightErrors: [], certSANs: [] };
}

const TREE: Readonly<Record<string, string>> = {
  'etc/systemd/system/containerd.service':
    '[Service]\nExecStart=/usr/local/bin/containerd\nRestart=always\nRestartSec=1\nKillMode=process\n' +
    '[Install]\nWantedBy=multi-user.target\n',
  'usr/lib/systemd/system/kubelet.service':
    '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\nRestartSec=1\n' +
    '[Install]\nWantedBy=multi-user.target\n',
  'usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf': KUBELET_DROP_IN,
  'var/lib/kubelet/config.yaml':
    'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n# by kubeadm v1.33.9\n',
  'var/lib/kubelet/kubeadm-flags.env':
    'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/containerd/containerd.sock"\n',
  'etc/default/kubelet': 'KUBELET_EXTRA_ARGS=\n',
  'etc/kubernetes/kubelet.conf':
    'apiVersion: v1\nkind: Config\nclusters:\n- name: edge\n  cluster:\n    server: https://127.0.0.1:6443\n' +
    'contexts:\n- name: c\n  context:\n    cluster: edge\n    user: system:node:edge-1\ncurrent-context: c\n' +
    'users:\n- name: system:node:edge-1\n  user:\n    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n',
  'etc/standin/kubeadm-seconds': '0\n',
};

const TARGETS: Readonly<Record<string, string>> = {
  kubernetes: 'usr/bin',
  containerd: 'usr/local/bin',
  cni: 'opt/cni/bin',
};

function layOut(root: string): void {
  for (const [file, content] of Object.entries(TREE)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), content);
  }
  for (const { component, name, file } of standins(OLD)) {
    const folder = path.join(root, name === 'runc' ? 'usr/local/sbin' : (TARGETS[component] ?? ''));
    mkdirSync(folder, { recursive: true });
    cpSync(file, path.join(folder, name));
  }
  const wants = path.join(root, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  for (const unit of ['containerd', 'kubelet']) {
    const from = unit === 'kubelet' ? '/usr/lib/systemd/system' : '/etc/systemd/system';
    symlinkSync(`${from}/${unit}.service`, path.join(wants, `${unit}.service`));
  }
}
