// Calls UpdateMachine as Cluster API's core manager does: with its client certificate, over HTTPS, asking for the name of
// Refit's Service. Refit is reached by a NodePort, since nothing outside of the cluster has its addresses.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SERVER, SERVER_NAMESPACE, SERVER_PORT, serverLabels } from '../../../src/charts/names.ts';
import { HOOKS, hookPath } from '../../../src/hook/hooks.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { call } from '../../helpers/https.ts';
import { nodePort } from './node-port.ts';
import type { Site } from './site.ts';

export interface HookAnswer {
  status: string;
  message: string;
  retryAfterSeconds: number;
}

/** Errors: nobody answers, or not with HTTP 200 and JSON. */
export type CallUpdateMachine = (request: JsonObject) => Promise<HookAnswer>;

const TIMEOUT_MS = 10_000;

export async function hookClient(site: Site): Promise<CallUpdateMachine> {
  const port = await nodePort(site, {
    ...{ namespace: SERVER_NAMESPACE, name: 'refit-e2e', labels: serverLabels, port: SERVER_PORT },
  });
  const hook = HOOKS.find((row) => row.hook === 'UpdateMachine');
  if (!hook) throw new Error('HOOKS: got no UpdateMachine, expected one');
  const target = `${hookPath(hook)}?timeout=${TIMEOUT_MS / 1000}s`;
  const file = (name: string) => readFileSync(path.join(site.cluster.folder, 'hook-client', name));
  const options = {
    ...{ path: target, ca: file('ca.crt'), cert: file('tls.crt'), key: file('tls.key') },
    servername: `${SERVER}.${SERVER_NAMESPACE}.svc`,
  };
  // Any node leads there: the next one when this one is away.
  let turn = 0;
  return async (request) => {
    const { nodes } = site.cluster;
    const host = nodes[turn % nodes.length]?.address ?? '';
    try {
      const { status, text, json } = await call(port, {
        ...{ ...options, host, body: JSON.stringify(request), signal: AbortSignal.timeout(TIMEOUT_MS) },
      });
      if (status !== 200)
        throw new Error(`UpdateMachine: got HTTP ${status} ${text.slice(0, 200)}, expected 200`);
      const { status: word, message = '', retryAfterSeconds = 0 } = json();
      return { status: String(word), message: String(message), retryAfterSeconds: Number(retryAfterSeconds) };
    } catch (error) {
      turn += 1;
      throw error;
    }
  };
}
