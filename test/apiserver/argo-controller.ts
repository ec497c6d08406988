// Argo's real workflow-controller for one namespace, so that the Workflows of other tests stay as they are.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONFIG_MAPS } from '../../src/hook/kubernetes/resources.ts';
import { tool } from '../tools/build.ts';
import { type Api, expectOk } from './api.ts';
import { type Daemon, startDaemon } from './daemon.ts';

export const ARGO_CONFIG_MAP = 'workflow-controller-configmap';

/** Its port for metrics is taken where another one runs, and that would end it. */
export const WITHOUT_METRICS = { metricsConfig: { enabled: false } };

/** Nothing runs it: pods are played. */
export const EXECUTOR_IMAGE = 'example.com/argoexec';

/** How long a Workflow rests between two looks at it; the default of 10 s would make each step take that long. */
export const FAST_REQUEUE = '200ms';
export const FAST_CLIENT = ['--qps', '200', '--burst', '400'];

const startTimeoutSeconds = 20;

/** Resolves when it works. Errors: why it ended, with the end of its log. */
export async function startArgoController(
  api: Api,
  kubeconfigPath: string,
  namespace: string,
): Promise<Daemon> {
  const binary = await tool('workflow-controller');
  const data = { config: JSON.stringify(WITHOUT_METRICS) };
  await expectOk(api.create(CONFIG_MAPS.path(namespace), { metadata: { name: ARGO_CONFIG_MAP }, data }));
  const folder = mkdtempSync(path.join(tmpdir(), 'refit-argo-'));
  const daemon = startDaemon({
    name: 'workflow-controller',
    binary,
    args: [
      ...['--kubeconfig', kubeconfigPath, '--namespaced', '--namespace', namespace],
      ...['--executor-image', EXECUTOR_IMAGE, '--loglevel', 'info', ...FAST_CLIENT],
    ],
    logFile: path.join(folder, 'log'),
    environment: { LEADER_ELECTION_DISABLE: 'true', DEFAULT_REQUEUE_TIME: FAST_REQUEUE },
    endsWithUs: { removeFolder: folder },
  });
  try {
    await daemon.ready(() => Promise.resolve(isArgoReady(daemon)), startTimeoutSeconds);
    return daemon;
  } catch (error) {
    await daemon.stop();
    throw error;
  }
}

/** It says so once it watches. */
export function isArgoReady(daemon: Daemon): boolean {
  return daemon.output().includes('Received Workflow Controller config map update');
}
