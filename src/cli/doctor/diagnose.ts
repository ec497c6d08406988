import { checkArgo, checkStepTemplates } from './check-argo.ts';
import { checkClusterApi, checkExtensionConfig } from './check-cluster-api.ts';
import { checkClusters, checkSkew } from './check-clusters.ts';
import { checkImageMap, checkNamespaces, checkRights } from './check-namespaces.ts';
import { checkApis, checkCertificate, checkPolicy, checkServer, checkWebhook } from './check-server.ts';
import type { Check, DoctorFacts } from './facts.ts';
import type { Finding } from './finding.ts';

/** In the order in which problems should be solved. */
const CHECKS: readonly Check[] = [
  checkApis,
  checkClusterApi,
  checkArgo,
  checkStepTemplates,
  checkServer,
  checkCertificate,
  checkExtensionConfig,
  checkWebhook,
  checkPolicy,
  checkImageMap,
  checkNamespaces,
  checkRights,
  checkClusters,
  checkSkew,
];

export function diagnose(facts: DoctorFacts): Finding[] {
  return CHECKS.flatMap((check) => check(facts));
}
