// Asks Refit about edits of the owners of Machines.
import { k8s } from 'cdk8s-plus-28';
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { STRATEGY_EXTERNAL, STRATEGY_LABEL } from '../api/labels.ts';
import { EXTERNAL_SERVICE_PORT, SERVER, SERVER_NAMESPACE } from './names.ts';

/** After `capi-...-mutating-webhook-configuration`: Cluster API sets its defaults first. */
const NAME = 'capi-refit';
const CAPI = 'cluster.x-k8s.io';
/** cert-manager writes the authority of the server's certificate into the configurations. */
const annotations = { 'cert-manager.io/inject-ca-from': `${SERVER_NAMESPACE}/${SERVER}` };

export function admission(scope: Construct): void {
  new k8s.KubeMutatingWebhookConfiguration(scope, 'admission-owner', {
    metadata: { name: NAME, annotations },
    webhooks: [
      {
        name: 'owner.capi-refit.io',
        clientConfig: clientConfig('/admission/owner'),
        rules: [rule(`controlplane.${CAPI}`, 'kubeadmcontrolplanes'), rule(CAPI, 'machinedeployments')],
        // Nothing else is affected when Refit is away; these owners must not be changed then, or CAPI replaces machines.
        objectSelector: { matchLabels: { [STRATEGY_LABEL]: STRATEGY_EXTERNAL } },
        failurePolicy: 'Fail',
        ...common,
      },
    ],
  });
  // Not from the library: it knows no matchConditions.
  new ApiObject(scope, 'admission-edit', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: NAME, annotations },
    webhooks: [
      {
        name: 'edit.capi-refit.io',
        clientConfig: clientConfig('/admission/edit'),
        rules: [rule(CAPI, 'machinedeployments')],
        matchConditions: [
          { name: 'template', expression: 'object.spec.template != oldObject.spec.template' },
        ],
        // It asks about every MachineDeployment: Refit being away must hold up none.
        failurePolicy: 'Ignore',
        ...common,
      },
    ],
  });
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
