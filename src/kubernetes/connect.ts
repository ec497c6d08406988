import { KubeConfig } from '@kubernetes/client-node';
import { badInput, StatusError } from '../api/errors.ts';
import { isObject } from '../api/json.ts';
import { text } from './fields.ts';

/** What client-node falls back to when it finds nothing. */
const NOTHING_FOUND = 'http://localhost:8080';

/**
 * From the file; without one $KUBECONFIG, ~/.kube/config, or the pod's service account. Its current context, or the one
 * of that name. Errors: BadInput, without a word of the content: a YAML error shows the lines around it, and these may
 * hold a key.
 */
export function connect(file?: string, context?: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (file === undefined) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(file);
  } catch (error) {
    throw new StatusError(`kubeconfig ${file ?? 'by default'}: ${problem(error)}`, { reason: 'BadInput' });
  }
  if (context !== undefined) choose(kubeConfig, context);
  const server = kubeConfig.getCurrentCluster()?.server;
  if (file === undefined && server === NOTHING_FOUND) {
    throw badInput('--kubeconfig', file, 'a file, $KUBECONFIG, ~/.kube/config, or to run in a pod');
  }
  if (server === undefined)
    throw badInput('current-context', kubeConfig.getCurrentContext(), 'a context with a cluster');
  return kubeConfig;
}

function choose(kubeConfig: KubeConfig, context: string): void {
  const names = kubeConfig.getContexts().map(({ name }) => name);
  if (!names.includes(context)) throw badInput('--context', context, `one of ${names.join(', ') || 'none'}`);
  kubeConfig.setCurrentContext(context);
}

function problem(error: unknown): string {
  const code = isObject(error) ? text(error, 'code') : undefined;
  return code === undefined
    ? 'got something else, expected a kubeconfig in YAML'
    : `cannot be read (${code})`;
}
