// The installation: custom resources, the server, its certificate, its policy. Pure.
import { StatusError } from '../../api/errors.ts';
import type { ImageMap } from '../../api/policy.ts';
import { SERVER, SERVER_NAMESPACE } from '../../charts/names.ts';
import { list, text } from '../../kubernetes/fields.ts';
import { imageMapOf, policyOf } from '../image-map.ts';
import { webhookProblem } from '../webhook.ts';
import { programs } from './deployments.ts';
import { known, type Check, type DoctorFacts } from './facts.ts';
import { findingsOf, type Finding } from './finding.ts';

const APPLY = 'kubectl apply -f dist/refit-server.k8s.yaml';
const EXPIRY_DAYS = 7;

/** `<plural>.<group>/<version>` -> whose. */
export const NEEDED_APIS: Readonly<Record<string, string>> = {
  'clusters.cluster.x-k8s.io/v1beta2': 'Cluster API 1.12 or newer',
  'machines.cluster.x-k8s.io/v1beta2': 'Cluster API 1.12 or newer',
  'machinesets.cluster.x-k8s.io/v1beta2': 'Cluster API 1.12 or newer',
  'machinedeployments.cluster.x-k8s.io/v1beta2': 'Cluster API 1.12 or newer',
  'kubeadmconfigs.bootstrap.cluster.x-k8s.io/v1beta2': 'the kubeadm bootstrap provider',
  'kubeadmcontrolplanes.controlplane.cluster.x-k8s.io/v1beta2': 'the kubeadm control-plane provider',
  'extensionconfigs.runtime.cluster.x-k8s.io/v1beta2': 'Cluster API 1.12 or newer',
  'workflows.argoproj.io/v1alpha1': 'Argo Workflows 4.0 or newer',
  'clusterworkflowtemplates.argoproj.io/v1alpha1': 'Argo Workflows 4.0 or newer',
  'workflowtaskresults.argoproj.io/v1alpha1': 'Argo Workflows 4.0 or newer',
  'certificates.cert-manager.io/v1': 'cert-manager',
};

export const checkApis: Check = ({ served }) => {
  const say = findingsOf('custom resources');
  const missing = Object.entries(NEEDED_APIS).filter(([api]) => !served.has(api));
  if (missing.length === 0) return [say.ok(`all ${Object.keys(NEEDED_APIS).length} are served`)];
  return missing.map(([api, whose]) =>
    say.error(`${api.replace('.', ' of ')} are not served`, `install ${whose}`),
  );
};

export const checkServer: Check = ({ deployments, version }) => {
  const say = findingsOf('Refit server');
  if ('unknown' in deployments) return [say.unknown(deployments.unknown)];
  const where = `Deployment ${SERVER_NAMESPACE}/${SERVER}`;
  const server = programs(deployments.found, 'refit').find((program) => program.where === where);
  if (!server) return [say.error(`${where} is not there`, APPLY)];
  const installed = server.labels['app.kubernetes.io/version'];
  const found: Finding[] = [];
  if (/@sha256:0{64}$/.test(server.image)) {
    found.push(
      say.error(
        'its image is the placeholder',
        'put the digest of your image into src/charts/values.ts, then npm run synth',
      ),
    );
  } else if (server.available === 0) {
    found.push(
      say.error('no replica is available', `kubectl -n ${SERVER_NAMESPACE} logs deployment/${SERVER}`),
    );
  } else if (server.available < server.replicas) {
    found.push(
      say.warning(
        `${server.available} of ${server.replicas} replicas are available`,
        `kubectl -n ${SERVER_NAMESPACE} get pods`,
      ),
    );
  }
  if (installed !== undefined && installed !== version) {
    found.push(
      say.warning(
        `version ${installed}, this program is ${version}`,
        'use the program of the installed version',
      ),
    );
  }
  return found.length > 0
    ? found
    : [say.ok(`version ${installed ?? '?'}, ${server.available} of ${server.replicas} replicas available`)];
};

export const checkCertificate: Check = ({ certificate, now }) => {
  const say = findingsOf('certificate');
  if ('unknown' in certificate) return [say.unknown(certificate.unknown)];
  const where = `Certificate ${SERVER_NAMESPACE}/${SERVER}`;
  if (!certificate.found) return [say.error(`${where} is not there`, `install cert-manager, then ${APPLY}`)];
  const ready = list(certificate.found, 'status', 'conditions').find(
    (each) => text(each, 'type') === 'Ready',
  );
  if (text(ready, 'status') !== 'True') {
    const why = text(ready, 'message') ?? 'cert-manager has not looked yet';
    return [
      say.error(
        `${where}: not ready: ${why}`,
        `kubectl -n ${SERVER_NAMESPACE} describe certificate ${SERVER}`,
      ),
    ];
  }
  const notAfter = text(certificate.found, 'status', 'notAfter');
  const days = (Date.parse(notAfter ?? '') - now.getTime()) / 86_400_000;
  if (days < EXPIRY_DAYS)
    return [say.error(`${where}: ends ${notAfter}`, 'look why cert-manager does not renew it')];
  return [say.ok(`ready${notAfter === undefined ? '' : `, until ${notAfter}`}`)];
};

export const checkWebhook: Check = ({ webhook }) => {
  const say = findingsOf('webhook');
  if ('unknown' in webhook) return [say.unknown(webhook.unknown)];
  const problem = webhookProblem(webhook.found);
  return [problem === undefined ? say.ok('pauses external owners') : say.error(problem, APPLY)];
};

export const checkPolicy: Check = (facts) => {
  const say = findingsOf('policy');
  const { policy } = facts;
  if ('unknown' in policy) return [say.unknown(policy.unknown)];
  if (!policy.found) return [say.error(`ConfigMap ${SERVER_NAMESPACE}/refit-policy is not there`, APPLY)];
  try {
    const { onUncovered } = policyOf(policy.found);
    if (onUncovered === 'block') return [say.ok('valid')];
    return [say.warning('onUncovered: replace lets Cluster API delete Machines', 'set onUncovered: block')];
  } catch (error) {
    return [say.error(reasonOf(error), `correct ConfigMap ${SERVER_NAMESPACE}/refit-policy`)];
  }
};

/** That of the server, if it can be read. */
export function serverImageMap({ imageMap }: DoctorFacts): ImageMap | undefined {
  const configMap = known(imageMap);
  try {
    return configMap && imageMapOf(configMap);
  } catch {
    return undefined;
  }
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof StatusError)) throw error;
  return error.message;
}
