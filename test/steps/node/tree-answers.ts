// What a test host answers unless told otherwise: commands and requests that only look.
import type { Argv, CommandResult } from '../../../src/steps/host/host.ts';
import type { TestHost } from './host-tree.ts';
import { API_SERVER, KUBELET_PID, NODE_ADDRESS } from './tree-content.ts';
import type { TreeFiles } from './tree-files.ts';

/** As systemd tells of them. */
export const units = (): TestHost['units'] => ({
  kubelet: {
    LoadState: 'loaded',
    ActiveState: 'active',
    MainPID: KUBELET_PID,
    NRestarts: '0',
    FragmentPath: '/lib/systemd/system/kubelet.service',
    DropInPaths: '/lib/systemd/system/kubelet.service.d/10-kubeadm.conf',
    ExecStart:
      '{ path=/usr/bin/kubelet ; argv[]=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS ' +
      '$KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; ' +
      `pid=${KUBELET_PID} ; code=(null) ; status=0/0 }`,
    Environment:
      '"KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf ' +
      '--kubeconfig=/etc/kubernetes/kubelet.conf" KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml',
    EnvironmentFiles:
      '/var/lib/kubelet/kubeadm-flags.env (ignore_errors=yes)\n/etc/default/kubelet (ignore_errors=yes)',
  },
  containerd: {
    LoadState: 'loaded',
    ActiveState: 'active',
    MainPID: '987',
    NRestarts: '0',
    FragmentPath: '/etc/systemd/system/containerd.service',
    DropInPaths: '',
    ExecStart:
      '{ path=/usr/local/bin/containerd ; argv[]=/usr/local/bin/containerd ; ignore_errors=no ; ' +
      'start_time=[n/a] ; stop_time=[n/a] ; pid=987 ; code=(null) ; status=0/0 }',
    Environment: '',
    EnvironmentFiles: '',
  },
});

/** Commands that only look; those that act are for each test to answer. */
export function answerLooks(host: TestHost): void {
  host.answer(['systemctl', 'show'], (argv) => {
    const unit = host.units[(argv.at(-1) ?? '').replace(/\.service$/, '')] ?? { LoadState: 'not-found' };
    const property = argv.find((word) => word.startsWith('--property='))?.slice('--property='.length);
    const names = (property ?? argv[argv.indexOf('-p') + 1] ?? '').split(',');
    // Like systemd: a list of files is one line each.
    const lines = names.flatMap((name) =>
      (unit[name] ?? '').split('\n').map((value) => [name, value] as const),
    );
    const isBare = argv.includes('--value');
    return lines.map(([name, value]) => (isBare ? `${value}\n` : `${name}=${value}\n`)).join('');
  });
  host.answer(['systemctl', 'is-active'], (argv) => {
    const state = host.units[(argv.at(-1) ?? '').replace(/\.service$/, '')]?.['ActiveState'] ?? 'inactive';
    return { stdout: `${state}\n`, code: state === 'active' ? 0 : 3 };
  });
  host.answer(['uname', '-m'], 'x86_64\n');
  host.answer(['stat', '-f', '-c', '%T', '/sys/fs/cgroup'], 'cgroup2fs\n');
  host.answer(['apt-mark', 'showhold'], 'kubeadm\nkubectl\nkubelet\n');
  host.answer(['dpkg-query', '-S'], ([, , ...paths]) => {
    const owner = (path: string): string | undefined => /^\/usr\/bin\/(kube\w+)$/.exec(path)?.[1];
    const owned = paths.filter((path) => owner(path) !== undefined);
    const stdout = owned.map((path) => `${owner(path)}: ${path}\n`).join('');
    const missing = paths.filter((path) => owner(path) === undefined);
    const stderr = missing.map((path) => `dpkg-query: no path found matching pattern ${path}\n`).join('');
    return { stdout, stderr, code: missing.length > 0 ? 1 : 0 };
  });
  host.answer(['/usr/local/bin/containerd', 'config', 'dump'], CONTAINERD_DUMP);
  host.respond('http://127.0.0.1:10248/healthz', {});
  host.respond(API_SERVER, {});
  host.respond(`https://${NODE_ADDRESS}:6443/`, {});
  host.respond('http://127.0.0.1:2381/health', { body: '{"health":"true","reason":""}' });
}

const CONTAINERD_DUMP = `version = 2
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/opt/cni/bin"
      conf_dir = "/etc/cni/net.d"
`;

/** A program of the tree that is asked for its version says what its file says. */
export async function programAnswer(
  files: TreeFiles,
  argv: Argv,
): Promise<Partial<CommandResult> | undefined> {
  if (!argv[0].startsWith('/')) return undefined;
  const [name, version] = ((await files.read(argv[0])) ?? '').toString().split(/\s/);
  switch (`${name} ${argv.slice(1).join(' ')}`) {
    case 'kubelet --version':
      return { stdout: `Kubernetes ${version}\n` };
    case 'kubeadm version -o short':
      return { stdout: `${version}\n` };
    case 'kubectl version --client':
      return { stdout: `Client Version: ${version}\nKustomize Version: v5.6.0\n` };
    case 'containerd --version':
      return { stdout: `containerd github.com/containerd/containerd ${version} 05044ec0a9a7\n` };
    case 'runc --version':
      return { stdout: `runc version ${version}\nspec: 1.2.0\n` };
    case 'loopback --version':
      return { stderr: `CNI loopback plugin ${version}\n` };
    default:
      return undefined;
  }
}
