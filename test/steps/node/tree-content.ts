// What lies on a node that image-builder and kubeadm have made, besides certificates.
import { stringify } from 'yaml';
import { KUBELET_DROP_IN } from '../../helpers/kubelet-drop-in.ts';

export interface TreeOptions {
  role: 'control-plane' | 'worker';
  /** Default: ubuntu. */
  os?: 'debian' | 'ubuntu';
  /** Default: v1.33.13. */
  kubernetes?: string;
  /** Default: v1.7.27. */
  containerd?: string;
}

export const NODE_ADDRESS = '172.30.0.11';
export const API_SERVER = 'https://172.30.0.10:6443';
export const KUBELET_PID = '1234';

const OS_RELEASE = {
  debian:
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n',
  ubuntu: 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n',
};

/** A program as the test host knows it: its version is what its file says. */
export const program = (name: string, version: string): string => `${name} ${version}\n`;

/** Path -> content; links and certificates not among them. */
export function treeFiles({
  role,
  os = 'ubuntu',
  kubernetes = 'v1.33.13',
  containerd = 'v1.7.27',
}: TreeOptions): Record<string, string> {
  return {
    '/etc/os-release': OS_RELEASE[os],
    '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
    '/etc/hostname': 'node-1\n',
    '/etc/kubernetes-version': kubernetes,
    '/usr/bin/dpkg-query': program('dpkg-query', '1.22.6'),
    '/usr/bin/kubelet': program('kubelet', kubernetes),
    '/usr/bin/kubeadm': program('kubeadm', kubernetes),
    '/usr/bin/kubectl': program('kubectl', kubernetes),
    [`/proc/${KUBELET_PID}/exe`]: program('kubelet', kubernetes),
    '/proc/self/mounts': '/dev/sda1 / ext4 rw,relatime 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n',
    '/proc/swaps': 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n',
    '/usr/local/bin/containerd': program('containerd', containerd),
    '/usr/local/bin/containerd-shim-runc-v2': program('containerd-shim-runc-v2', containerd),
    '/usr/local/bin/ctr': program('ctr', containerd),
    '/usr/local/sbin/runc': program('runc', '1.2.5'),
    '/opt/cni/bin/bridge': program('bridge', 'v1.6.2'),
    '/opt/cni/bin/loopback': program('loopback', 'v1.6.2'),
    '/opt/cni/bin/calico': program('calico', 'v3.29.1'),
    '/etc/containerd/config.toml':
      'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "registry.k8s.io/pause:3.10"\n' +
      '  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\n    SystemdCgroup = true\n',
    '/etc/systemd/system/containerd.service':
      '[Service]\nExecStartPre=-/sbin/modprobe overlay\nExecStart=/usr/local/bin/containerd\nType=notify\nKillMode=process\n',
    '/usr/lib/systemd/system/kubelet.service':
      '[Unit]\nDescription=kubelet: The Kubernetes Node Agent\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\n',
    '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf': KUBELET_DROP_IN,
    '/var/lib/kubelet/kubeadm-flags.env':
      'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/containerd/containerd.sock ' +
      '--node-ip=172.30.0.11 --pod-infra-container-image=registry.k8s.io/pause:3.10"\n',
    '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS=\n',
    '/var/lib/kubelet/config.yaml': stringify(KUBELET_CONFIGURATION),
    ...(role === 'control-plane' && staticPods(kubernetes)),
  };
}

const KUBELET_CONFIGURATION = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: { x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
  cgroupDriver: 'systemd',
  clusterDNS: ['10.96.0.10'],
  healthzBindAddress: '127.0.0.1',
  healthzPort: 10248,
  rotateCertificates: true,
  staticPodPath: '/etc/kubernetes/manifests',
};

const PKI = '/etc/kubernetes/pki';

function staticPods(kubernetes: string): Record<string, string> {
  const registry = 'registry.k8s.io';
  const etcd = [
    'etcd',
    `--advertise-client-urls=https://${NODE_ADDRESS}:2379`,
    `--cert-file=${PKI}/etcd/server.crt`,
    '--client-cert-auth=true',
    '--data-dir=/var/lib/etcd',
    `--initial-advertise-peer-urls=https://${NODE_ADDRESS}:2380`,
    `--key-file=${PKI}/etcd/server.key`,
    `--listen-client-urls=https://127.0.0.1:2379,https://${NODE_ADDRESS}:2379`,
    '--listen-metrics-urls=http://127.0.0.1:2381',
    '--name=node-1',
    `--trusted-ca-file=${PKI}/etcd/ca.crt`,
  ];
  const apiServer = [
    'kube-apiserver',
    `--advertise-address=${NODE_ADDRESS}`,
    `--client-ca-file=${PKI}/ca.crt`,
    `--etcd-cafile=${PKI}/etcd/ca.crt`,
    `--etcd-certfile=${PKI}/apiserver-etcd-client.crt`,
    `--etcd-keyfile=${PKI}/apiserver-etcd-client.key`,
    '--etcd-servers=https://127.0.0.1:2379',
    '--secure-port=6443',
    `--tls-cert-file=${PKI}/apiserver.crt`,
    `--tls-private-key-file=${PKI}/apiserver.key`,
  ];
  const withKubeconfig = (name: string): string[] => [
    `kube-${name}`,
    '--bind-address=127.0.0.1',
    `--kubeconfig=/etc/kubernetes/${name}.conf`,
    '--leader-elect=true',
  ];
  return Object.fromEntries(
    [
      staticPod('etcd', `${registry}/etcd:3.5.24-0`, etcd, ['/var/lib/etcd', `${PKI}/etcd`]),
      staticPod('kube-apiserver', `${registry}/kube-apiserver:${kubernetes}`, apiServer, [PKI]),
      ...['controller-manager', 'scheduler'].map((name) =>
        staticPod(`kube-${name}`, `${registry}/kube-${name}:${kubernetes}`, withKubeconfig(name), [
          `/etc/kubernetes/${name}.conf`,
        ]),
      ),
    ].map(([name, content]) => [`/etc/kubernetes/manifests/${name}.yaml`, content]),
  );
}

function staticPod(name: string, image: string, command: string[], paths: string[]): [string, string] {
  const volumes = paths.map((path, index) => ({ name: `volume-${index}`, hostPath: { path } }));
  const volumeMounts = paths.map((mountPath, index) => ({ name: `volume-${index}`, mountPath }));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'kube-system', labels: { component: name, tier: 'control-plane' } },
    spec: {
      containers: [{ name, image, command, volumeMounts }],
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      volumes,
    },
  };
  return [name, stringify(pod)];
}
