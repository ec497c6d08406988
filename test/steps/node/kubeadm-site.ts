// A node on which kubeadm is to go from 1.33 to 1.34: the release is staged, and kubeadm does what it would do to files.
import type { StagedComponents, StepContext } from '../../../src/steps/node/node-step.ts';
import { desiredConfiguration } from './desired.ts';
import { answerEtcd } from './etcd-answers.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor, writeRelease } from './release.ts';
import { NODE_ADDRESS, treeFiles } from './tree-content.ts';

export const KUBEADM = '/usr/bin/kubeadm';
export const TARGET = 'v1.34.4';
export const UPGRADE_NODE = [KUBEADM, 'upgrade', 'node'];
const FOLDER = '/var/lib/refit/stage/r1';

export interface KubeadmSite {
  host: TestHost;
  components: StagedComponents;
  context: StepContext;
  /** What `kubeadm upgrade node` leaves, as far as it gets. */
  upgrade(...paths: string[]): Promise<void>;
}

export async function createKubeadmSite(role: 'control-plane' | 'worker'): Promise<KubeadmSite> {
  const host = await createTestHost({ role });
  const components = await writeRelease(host, FOLDER, { kubernetes: TARGET });
  const desired = desiredConfiguration();
  const context = { ...contextFor(components, { role }), desired };
  answerEtcd(host);
  host.answer(['stat', '--format=%U %u %G %g'], 'root 0 root 0\n');
  answerHealth(host);
  const upgraded = Object.entries(treeFiles({ role, kubernetes: TARGET })).filter(
    ([path]) => path.startsWith('/etc/kubernetes/manifests/') || path === '/var/lib/kubelet/config.yaml',
  );
  const upgrade = async (...paths: string[]): Promise<void> => {
    for (const [path, content] of upgraded.filter(([name]) => paths.length === 0 || paths.includes(name))) {
      // Even where nothing changes, so that a test sees that it was written.
      await host.files.write(path, `# by kubeadm ${TARGET}\n${content}`, { mode: 0o600 });
    }
  };
  return { host, components, context, upgrade };
}

/** The API server runs what its manifest says; the others are well. */
function answerHealth(host: TestHost): void {
  const url = `https://${NODE_ADDRESS}:6443`;
  host.respond(`${url}/version`, { body: JSON.stringify({ major: '1', gitVersion: TARGET }) });
  host.respond('https://127.0.0.1:10257/healthz', {});
  host.respond('https://127.0.0.1:10259/healthz', {});
}
