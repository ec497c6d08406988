// Holds a write of Refit's server inside the API server, so that the server can be killed in the middle of it: an
// admission webhook of the story's own, which does not answer.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { type ExternalState, knownExternal } from '../../../src/api/external-record.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { SERVER, SERVER_NAMESPACE } from '../../../src/charts/names.ts';
import { knownRecord, type OperationState } from '../../../src/api/operation.ts';
import { at, text, texts } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import { createAuthority } from '../certificates.ts';
import type { Site } from './site.ts';

export interface Write {
  resource: string;
  /** As it would be stored. */
  object: JsonObject;
}

export interface Gate {
  /** Resolves with the next such write, when it waits at the gate. */
  hold(isMeant: (write: Write) => boolean): Promise<HeldWrite>;
  close(): Promise<void>;
}

export interface HeldWrite {
  /** The API server has given it up, since the one that asked for it is gone: it was not stored. */
  lost: Promise<unknown>;
}

/** Meant is the write of an operation record in that state. */
export function says(state: OperationState): (write: Write) => boolean {
  return ({ object }) => knownRecord(texts(object, 'metadata', 'annotations'))?.state === state;
}

/** Meant is the write of the record of an owner's upgrade in that state. */
export function saysOfOwner(state: ExternalState): (write: Write) => boolean {
  return ({ object }) => knownExternal(texts(object, 'metadata', 'annotations'))?.state === state;
}

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const NAME = 'refit-lab-gate';
/** The most that there is; then the write passes. */
const HOLD_SECONDS = 30;

/** For Machines, MachineDeployments and Workflows of the site's namespace. */
export async function openGate({ api, namespace }: Site): Promise<Gate> {
  const { cert, key, ca } = await (await createAuthority('refit-lab-gate-ca'))(NAME, 'server');
  let awaited: { isMeant: (write: Write) => boolean; caught: (held: HeldWrite) => void } | undefined;

  async function review(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await json(request);
    const write = {
      resource: text(body as JsonObject, 'request', 'resource', 'resource') ?? '',
      object: at(body as JsonObject, 'request', 'object') as JsonObject,
    };
    if (awaited?.isMeant(write)) {
      awaited.caught({ lost: once(response, 'close') });
      awaited = undefined;
      return;
    }
    const verdict = { uid: text(body as JsonObject, 'request', 'uid'), allowed: true };
    const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: verdict };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
  }

  const server = createServer({ cert, key }, (request, response) => void review(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expectOk(api.create(CONFIGURATIONS, configuration(namespace, url, ca)));

  return {
    hold: (isMeant) => new Promise((caught) => (awaited = { isMeant, caught })),
    async close() {
      await api.delete(`${CONFIGURATIONS}/${NAME}`);
      server.closeAllConnections();
      server.close();
    },
  };
}

function configuration(namespace: string, url: string, ca: string): JsonObject {
  const refit = `system:serviceaccount:${SERVER_NAMESPACE}:${SERVER}`;
  const rule = { apiVersions: ['*'], scope: 'Namespaced' };
  const webhook = {
    name: 'gate.lab.capi-refit.io',
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    // A story that was killed must not leave a lab in which nothing can be written.
    failurePolicy: 'Ignore',
    timeoutSeconds: HOLD_SECONDS,
    clientConfig: { url, caBundle: Buffer.from(ca).toString('base64') },
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    matchConditions: [{ name: 'refit', expression: `request.userInfo.username == '${refit}'` }],
    rules: [
      {
        ...rule,
        apiGroups: ['cluster.x-k8s.io'],
        resources: ['machines', 'machinedeployments'],
        operations: ['UPDATE'],
      },
      { ...rule, apiGroups: ['argoproj.io'], resources: ['workflows'], operations: ['CREATE'] },
    ],
  };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: NAME },
    webhooks: [webhook],
  };
}
