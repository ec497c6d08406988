// What is kept of a story that failed: one folder with objects of the API, logs of pods, journals of nodes, and what Refit
// left on them, without keys and backups.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonValue } from '../../../src/api/json.ts';
import { NODE_NAMESPACE } from '../../../src/api/install.ts';
import { FLIP_STEPS } from '../../../src/api/steps.ts';
import { SERVER_NAMESPACE } from '../../../src/charts/names.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { PODS } from '../../../src/steps/api/paths.ts';
import { expectOk } from '../../apiserver/api.ts';
import { messages } from '../../helpers/messages.ts';
import { ARGO_NAMESPACE } from '../../lab/objects/argo.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { podLog } from './pod-log.ts';
import type { Site } from './site.ts';

const ROOT = fileURLToPath(new URL('../../../out/e2e-failures', import.meta.url));
/** Backups and old files hold CA keys, inputs may hold secrets; programs are only large. */
const LEFT_OUT = /\/(backup|undo|program|stage|desired\.json|input\.json)(\/|$)/;
const KUBERNETES = ['kubelet', 'containerd'];

/** The folder. What cannot be had is told in there, since the story's own error must not be hidden. */
export async function diagnostics(site: Site, story: string): Promise<string> {
  const folder = path.join(ROOT, story.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 100));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const problems: string[] = [];
  const keep = async (what: string, get: () => Promise<void> | void) => {
    try {
      await get();
    } catch (error) {
      problems.push(`${what}: ${messages(error)}\n`);
    }
  };
  for (const node of site.cluster.nodes)
    await keep(node.name, () => ofNode(node, path.join(folder, node.name)));
  for (const [name, target] of Object.entries(collections(site))) {
    await keep(name, async () => {
      const objects = await expectOk(site.api.get(target));
      writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(objects, undefined, 1));
    });
  }
  await keep('logs of pods', () => ofPods(site, folder));
  writeFileSync(path.join(folder, 'not-collected.txt'), problems.join(''));
  return folder;
}

/** No Secrets, and nothing that shows what is in them. */
function collections({ namespace }: Site): Record<string, string> {
  return {
    workflows: `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/workflows`,
    machines: `/apis/cluster.x-k8s.io/v1beta2/namespaces/${namespace}/machines`,
    pods: PODS,
    nodes: '/api/v1/nodes',
    events: '/api/v1/events',
    jobs: `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`,
    leases: `/apis/coordination.k8s.io/v1/namespaces/${NODE_NAMESPACE}/leases`,
  };
}

function ofNode(node: E2eNode, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, argv: readonly string[]) => {
    const { stdout, stderr } = node.run(argv);
    writeFileSync(path.join(folder, name), stdout + stderr);
  };
  const journal = ['journalctl', '--no-pager', '-o', 'short-precise'];
  write('journal.txt', [...journal, '-n', '5000']);
  for (const unit of KUBERNETES) write(`${unit}.txt`, [...journal, '-u', unit, '-n', '3000']);
  write('refit.txt', [...journal, '-t', 'refit', ...STEP_JOURNALS]);
  write('containers.txt', ['ctr', '-n', 'k8s.io', 'containers', 'list']);
  write('status.txt', ['sh', '-c', 'test ! -e /var/lib/refit/refit || /var/lib/refit/refit host status']);
  const own = path.join(node.root, 'var/lib/refit');
  const filter = (source: string) => !LEFT_OUT.test(source.slice(own.length));
  if (existsSync(own)) cpSync(own, path.join(folder, 'var-lib-refit'), { recursive: true, filter });
  // Also of containers that ended, and when no API server can be asked.
  const logs = path.join(node.root, 'var/log/pods');
  for (const pod of existsSync(logs) ? readdirSync(logs) : []) {
    if (pod.startsWith('kube-system_'))
      cpSync(path.join(logs, pod), path.join(folder, 'pods', pod), { recursive: true });
  }
}

const STEP_JOURNALS = FLIP_STEPS.flatMap((step) => ['-t', `refit-${step}`]);

async function ofPods(site: Site, folder: string): Promise<void> {
  const logs = path.join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const pods = list(await expectOk(site.api.get(PODS)), 'items').filter((pod) => isOurs(site, pod));
  for (const pod of pods) {
    const [namespace, name] = [text(pod, 'metadata', 'namespace'), text(pod, 'metadata', 'name')] as const;
    for (const container of list(pod, 'spec', 'containers')) {
      const which = {
        namespace: namespace ?? '',
        name: name ?? '',
        container: text(container, 'name') ?? '',
      };
      const content = await podLog(site, which).catch(messages);
      writeFileSync(path.join(logs, `${which.namespace}_${which.name}_${which.container}.log`), content);
    }
  }
}

function isOurs({ namespace }: Site, pod: JsonValue): boolean {
  return [namespace, NODE_NAMESPACE, SERVER_NAMESPACE, ARGO_NAMESPACE].includes(
    text(pod, 'metadata', 'namespace') ?? '',
  );
}
