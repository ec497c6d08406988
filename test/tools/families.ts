/** Go commands that one go.mod pins together. */
export interface Family {
  folder: string;
  /** The module whose version the commands report, and whose folder can be asked for. */
  module: string;
  /** `-X` assignments that stamp the version: what upstream's own build scripts do. */
  stamps: (version: string) => Record<string, string>;
  /** By the tool's name. */
  commands: Record<string, Command>;
}

export interface Command {
  /** The Go package. */
  source: string;
  /** What makes the program print its version. Without it only our own build is ever used. */
  versionArguments?: string[];
  /** Symbolic links of the family's main module that the build needs and its zip lacks -> where they point. */
  links?: Readonly<Record<string, string>>;
}

export const families: Family[] = [
  {
    folder: 'argo',
    module: 'github.com/argoproj/argo-workflows/v4',
    stamps: (version) => ({ 'github.com/argoproj/argo-workflows/v4.version': version }),
    commands: {
      'argo-lint': { source: './lint' },
      'workflow-controller': {
        source: 'github.com/argoproj/argo-workflows/v4/cmd/workflow-controller',
        versionArguments: ['version'],
      },
      argoexec: {
        source: 'github.com/argoproj/argo-workflows/v4/cmd/argoexec',
        versionArguments: ['version'],
        links: { 'workflow/executor/osspecific/signal_linux.go': 'signal_darwin.go' },
      },
    },
  },
  {
    folder: 'capi',
    module: 'sigs.k8s.io/cluster-api',
    stamps: (version) => gitStamps('sigs.k8s.io/cluster-api/version', version),
    commands: {
      'capi-core': { source: 'sigs.k8s.io/cluster-api/core' },
      'capi-bootstrap': { source: 'sigs.k8s.io/cluster-api/bootstrap/kubeadm' },
      'capi-control-plane': { source: 'sigs.k8s.io/cluster-api/controlplane/kubeadm' },
      'capi-infrastructure': { source: 'sigs.k8s.io/cluster-api/test/infrastructure/docker' },
      'capi-test-extension': { source: 'sigs.k8s.io/cluster-api/test/extension' },
    },
  },
  {
    // Of its own: a change of our program must not have all managers built again.
    folder: 'capi-judge',
    module: 'sigs.k8s.io/cluster-api',
    stamps: () => ({}),
    commands: { 'capi-judge': { source: '.' } },
  },
  {
    folder: 'coredns',
    module: 'github.com/coredns/coredns',
    stamps: () => ({}),
    commands: { coredns: { source: 'github.com/coredns/coredns', versionArguments: ['-version'] } },
  },
  {
    folder: 'etcd',
    module: 'go.etcd.io/etcd/server/v3',
    stamps: () => ({}),
    commands: {
      etcd: { source: 'go.etcd.io/etcd/server/v3', versionArguments: ['--version'] },
      etcdctl: { source: 'go.etcd.io/etcd/etcdctl/v3', versionArguments: ['version'] },
      etcdutl: { source: 'go.etcd.io/etcd/etcdutl/v3', versionArguments: ['version'] },
    },
  },
  {
    folder: 'etcd-3.5',
    module: 'go.etcd.io/etcd/server/v3',
    stamps: () => ({}),
    commands: {
      'etcd-3.5': { source: 'go.etcd.io/etcd/server/v3', versionArguments: ['--version'] },
      'etcdutl-3.5': { source: 'go.etcd.io/etcd/etcdutl/v3', versionArguments: ['version'] },
    },
  },
  {
    folder: 'kube-vip',
    module: 'github.com/kube-vip/kube-vip',
    stamps: () => ({}),
    commands: { 'kube-vip': { source: 'github.com/kube-vip/kube-vip' } },
  },
  kubernetesFamily('kubernetes', ''),
  kubernetesFamily('kubernetes-1.33', '-1.33'),
];

/** `suffix` tells the tools of one version from those of the others. */
function kubernetesFamily(folder: string, suffix: string): Family {
  return {
    folder,
    module: 'k8s.io/kubernetes',
    stamps: (version) => gitStamps('k8s.io/component-base/version', version),
    commands: {
      [`kube-apiserver${suffix}`]: kubernetesCommand('kube-apiserver', '--version'),
      [`kube-controller-manager${suffix}`]: kubernetesCommand('kube-controller-manager', '--version'),
      [`kube-proxy${suffix}`]: kubernetesCommand('kube-proxy', '--version'),
      [`kube-scheduler${suffix}`]: kubernetesCommand('kube-scheduler', '--version'),
      [`kubeadm${suffix}`]: kubernetesCommand('kubeadm', 'version', '--output=short'),
      [`kubectl${suffix}`]: kubernetesCommand('kubectl', 'version', '--client'),
      [`kubelet${suffix}`]: kubernetesCommand('kubelet', '--version'),
    },
  };
}

/** Without these an API server calls itself v0.0.0-master, and clients that look at its minor are misled. */
function gitStamps(variables: string, version: string): Record<string, string> {
  const [major = '', minor = ''] = version.replace('v', '').split('.');
  return {
    [`${variables}.gitVersion`]: version,
    [`${variables}.gitMajor`]: major,
    [`${variables}.gitMinor`]: minor,
    [`${variables}.gitTreeState`]: 'clean',
  };
}

function kubernetesCommand(name: string, ...versionArguments: string[]): Command {
  return { source: `k8s.io/kubernetes/cmd/${name}`, versionArguments };
}
