// Configuration that image-builder bakes into a node, as far as it matters here.
import { readFileSync } from 'node:fs';
import { KUBELET_DROP_IN } from '../../helpers/kubelet-drop-in.ts';
import { isCgroup2 } from '../../host/nspawn.ts';

/** Path in the node -> content. */
export function baseFiles(pauseImage: string): Record<string, string> {
  return {
    'etc/containerd/config.toml': containerdConfig(pauseImage),
    'etc/systemd/system/containerd.service': CONTAINERD_UNIT,
    [`etc/systemd/system/${MOUNTS}.service`]: MOUNTS_UNIT,
    'usr/lib/systemd/system/kubelet.service': KUBELET_UNIT,
    'usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf': KUBELET_DROP_IN,
    'etc/default/kubelet': 'KUBELET_EXTRA_ARGS=\n',
    'etc/modules-load.d/containerd.conf': 'overlay\nbr_netfilter\n',
  };
}

/** With cgroup v1 a systemd in a container has no say in the other hierarchies. */
export const cgroupDriver = (): 'systemd' | 'cgroupfs' => (isCgroup2() ? 'systemd' : 'cgroupfs');

function containerdConfig(pauseImage: string): string {
  return `version = 2
imports = ["/etc/containerd/conf.d/*.toml"]

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = ${!mayLowerOomScore()}

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = ${cgroupDriver() === 'systemd'}

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`;
}

const CAP_SYS_RESOURCE = 24n;

/** Root in some containers and machines may not; runc then fails to start what should have a low one. */
function mayLowerOomScore(): boolean {
  const bounds = /^CapBnd:\s+([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${bounds}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

export const MOUNTS = 'container-mounts';

/** nspawn shows some of these read-only; a kubelet needs to write there, and its mounts must reach containers. */
const MOUNTS_UNIT = `[Unit]
Description=Mounts that a kubelet needs in a container
DefaultDependencies=no
After=local-fs.target
Before=containerd.service kubelet.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for d in /sys/fs/cgroup /sys/fs/cgroup/*/ /proc/sys /sys; do mount -o remount,rw,bind $d || true; done; mount --make-rshared /'

[Install]
WantedBy=multi-user.target
`;

const CONTAINERD_UNIT = `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target local-fs.target

[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;

const KUBELET_UNIT = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;
