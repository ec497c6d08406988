// Asks Refit about edits of the owners of Machines.
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import {
  EXTERNAL_ANNOTATION,
  PAUSED_ANNOTATION,
  RELEASE_ANNOTATION,
  STRATEGY_EXTERNAL,
  STRATEGY_LABEL,
} from '../api/labels.ts';
import { EXTERNAL_SERVICE_PORT, SERVER, SERVER_NAMESPACE } from './names.ts';

/** After `capi-...-mutating-webhook-configuration`: Cluster API sets its defaults first. */
const NAME = 'capi-refit';
const CAPI = 'cluster.x-k8s.io';
/** cert-manager writes the authority of the server's certificate into the configurations. */
const annotations = { 'cert-manager.io/inject-ca-from': `${SERVER_NAMESPACE}/${SERVER}` };

export function admission(scope: Construct): void {
  webhook(scope, 'MutatingWebhookConfiguration', {
    name: 'owner.capi-refit.io',
    clientConfig: clientConfig('/admission/owner'),
    rules: [rule(`controlplane.${CAPI}`, 'kubeadmcontrolplanes'), rule(CAPI, 'machinedeployments')],
    // Nothing else is affected when Refit is away; these owners must not be changed then, or CAPI replaces machines.
    objectSelector: { matchLabels: { [STRATEGY_LABEL]: STRATEGY_EXTERNAL } },
    matchConditions: [
      // What their controllers write must pass then, and finalizers must go.
      { name: 'not-being-deleted', expression: '!has(oldObject.metadata.deletionTimestamp)' },
      { name: 'ask-or-pause', expression: `object.spec != oldObject.spec || ${areChanged(HELD_BY)}` },
      // It gives owners back also while no server answers. It is root on their nodes anyway.
      { name: 'not-by-its-workflow', expression: `request.userInfo.username != ${WORKFLOW_USER}` },
    ],
    // A webhook after ours may change what is asked for.
    reinvocationPolicy: 'IfNeeded',
    failurePolicy: 'Fail',
  });
  webhook(scope, 'ValidatingWebhookConfiguration', {
    name: 'edit.capi-refit.io',
    clientConfig: clientConfig('/admission/edit'),
    rules: [rule(CAPI, 'machinedeployments')],
    matchConditions: [{ name: 'template', expression: 'object.spec.template != oldObject.spec.template' }],
    // It asks about every MachineDeployment: Refit being away must hold up none.
    failurePolicy: 'Ignore',
  });
}

/** Not from the library: it knows no matchConditions. */
function webhook(scope: Construct, kind: string, asked: object): void {
  new ApiObject(scope, kind, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: NAME, annotations },
    webhooks: [{ ...asked, ...common }],
  });
}

/** In CEL: the account of step pods in the owner's namespace. */
const WORKFLOW_USER = `'system:serviceaccount:' + request.namespace + ':${WORKFLOW_SERVICE_ACCOUNT}'`;

/** Annotations by which an owner is held, or asks for more. */
const HELD_BY = [PAUSED_ANNOTATION, EXTERNAL_ANNOTATION, RELEASE_ANNOTATION];

/** In CEL, where an annotation that is not there cannot be read. */
function areChanged(keys: readonly string[]): string {
  const value = (object: string): string =>
    `(has(${object}.metadata.annotations) && key in ${object}.metadata.annotations` +
    ` ? ${object}.metadata.annotations[key] : '(none)')`;
  return `${JSON.stringify(keys)}.exists(key, ${value('object')} != ${value('oldObject')})`;
}

const common = {
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  timeoutSeconds: 5,
  matchPolicy: 'Equivalent',
};

function clientConfig(path: string) {
  return { service: { namespace: SERVER_NAMESPACE, name: SERVER, port: EXTERNAL_SERVICE_PORT, path } };
}

function rule(group: string, plural: string) {
  return { apiGroups: [group], apiVersions: ['v1beta2'], resources: [plural], operations: ['UPDATE'] };
}
