// Argo's real workflow-controller for one namespace, so that the Workflows of other tests stay as they are.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONFIG_MAPS } from '../../src/hook/kubernetes/resources.ts';
import { tool } from '../tools/build.ts';
import { type Api, expectOk } from './api.ts';
import { type Daemon, startDaemon } from './daemon.ts';

const CONFIG_MAP = 'workflow-controller-configmap';
const startTimeoutSeconds = 20;

/**
 * It ignores SIGTERM and outlives its API server: whatever ends this process, a shell kills it by its id (that of the
 * shell, which becomes the controller) and removes its folder.
 */
const UNTIL_STDIN_ENDS = 'exec 3<&0; (read -r _ <&3; kill -9 $$; rm -rf "$0") 2>/dev/null & exec "$@" 3<&-';

const environment = {
  LEADER_ELECTION_DISABLE: 'true',
  // How long a Workflow rests between two looks at it; the default of 10 s would make each step take that long.
  DEFAULT_REQUEUE_TIME: '200ms',
};

/** Resolves when it works. Errors: why it ended, with the end of its log. */
export async function startArgoController(
  api: Api,
  kubeconfigPath: string,
  namespace: string,
): Promise<Daemon> {
  const binary = await tool('workflow-controller');
  // Its port for metrics is taken where another one runs, and that would end it.
  const data = { config: 'metricsConfig: {enabled: false}\n' };
  await expectOk(api.create(CONFIG_MAPS.path(namespace), { metadata: { name: CONFIG_MAP }, data }));
  const folder = mkdtempSync(path.join(tmpdir(), 'refit-argo-'));
  const log = path.join(folder, 'log');
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const command = ['env', ...variables, binary, ...controllerArguments(kubeconfigPath, namespace)];
  const shellArguments = ['-c', UNTIL_STDIN_ENDS, folder, ...command];
  const daemon = startDaemon('workflow-controller', 'sh', shellArguments, log, 'pipe');
  try {
    await daemon.ready(async () => readFileSync(log, 'utf8').includes(READY), startTimeoutSeconds);
    return daemon;
  } catch (error) {
    await daemon.stop();
    throw error;
  }
}

/** What it logs once it watches. */
const READY = 'Received Workflow Controller config map update';

function controllerArguments(kubeconfigPath: string, namespace: string): string[] {
  return [
    ...['--kubeconfig', kubeconfigPath, '--namespaced', '--namespace', namespace],
    // Nothing runs it, see pod-player.ts.
    ...['--executor-image', 'example.com/argoexec'],
    ...['--qps', '200', '--burst', '400', '--loglevel', 'info'],
  ];
}
