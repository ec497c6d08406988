// What people change on a node by hand, and whether it is still so.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { eventually } from '../../helpers/eventually.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { nodeFacts } from './node-facts.ts';
import { runOn } from './run-on.ts';
import { workloadImage } from './workload.ts';

const SYSCTL = { file: 'etc/sysctl.d/90-site.conf', key: 'net.ipv4.tcp_keepalive_time', value: '1234' };
const DROP_IN = 'etc/systemd/system/kubelet.service.d/90-site.conf';
const CONTAINERD = 'etc/containerd/config.toml';
const STATIC_POD = 'etc/kubernetes/manifests/site-agent.yaml';
/** kubeadm writes it anew from the cluster's own. */
export const KUBELET_CONFIGURATION = '/var/lib/kubelet/config.yaml';
export const EDITED = 'eventRecordQPS: 17';

/** Resolves when the static pod runs and the kubelet works with what was edited. */
export async function tune(node: E2eNode): Promise<void> {
  const write = (file: string, content: string) => {
    mkdirSync(path.dirname(path.join(node.root, file)), { recursive: true });
    writeFileSync(path.join(node.root, file), content);
  };
  write(SYSCTL.file, `${SYSCTL.key} = ${SYSCTL.value}\n`);
  runOn(node, ['sysctl', '-p', `/${SYSCTL.file}`]);
  write(DROP_IN, '[Service]\nCPUWeight=200\n');
  write(
    CONTAINERD,
    `${readFileSync(path.join(node.root, CONTAINERD), 'utf8')}\n# of the site\n[debug]\n  level = "info"\n`,
  );
  write(STATIC_POD, stringify(await staticPod()));
  const configuration = path.join(node.root, KUBELET_CONFIGURATION);
  writeFileSync(
    configuration,
    `${readFileSync(configuration, 'utf8').replace(/^eventRecordQPS.*\n/m, '')}${EDITED}\n`,
  );
  runOn(node, ['systemctl', 'daemon-reload']);
  runOn(node, ['systemctl', 'restart', 'containerd', 'kubelet']);
  const isTuned = () => tuned(node).staticPod && nodeFacts(node).runningKubelet !== undefined;
  await eventually(`${node.name}: kubelet and site-agent run`, isTuned, 120);
}

export interface Tuned {
  sysctl: string;
  dropIn: string;
  containerd: boolean;
  staticPod: boolean;
}

export function tuned(node: E2eNode): Tuned {
  const show = node.run(['systemctl', 'show', '--value', '-p', 'CPUWeight', 'kubelet']).stdout.trim();
  return {
    sysctl: node.run(['sysctl', '-n', SYSCTL.key]).stdout.trim(),
    dropIn: show,
    containerd: readFileSync(path.join(node.root, CONTAINERD), 'utf8').includes('# of the site'),
    staticPod: node.run(['pgrep', '-f', '[s]erve --port 18080']).code === 0,
  };
}

export const AS_TUNED: Tuned = { sysctl: SYSCTL.value, dropIn: '200', containerd: true, staticPod: true };

async function staticPod() {
  const image = await workloadImage();
  const container = {
    name: 'agent',
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['serve', '--port', '18080'],
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'site-agent', namespace: 'kube-system' },
    spec: { containers: [container], hostNetwork: true },
  };
}
