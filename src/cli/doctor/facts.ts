// What the doctor looks at: objects as they are. Read in read-facts.ts, judged in check-*.ts.
import type { JsonObject } from '../../api/json.ts';
import type { Finding } from './finding.ts';
import type { Need } from './needs.ts';

/** What was found, or why it could not be looked at. */
export type Looked<T> = { found: T } | { unknown: string };

export interface NamespaceFacts {
  name: string;
  serviceAccount: Looked<JsonObject | undefined>;
  imageMap: Looked<JsonObject | undefined>;
  /** What the accounts of the installation may not do. */
  missing: Looked<readonly Need[]>;
}

export interface DoctorFacts {
  /** Of this program. */
  version: string;
  now: Date;
  /** `machines.cluster.x-k8s.io/v1beta2` */
  served: ReadonlySet<string>;
  deployments: Looked<readonly JsonObject[]>;
  extensionConfigs: Looked<readonly JsonObject[]>;
  /** Of the server, by cert-manager. */
  certificate: Looked<JsonObject | undefined>;
  /** Definition of Argo's Workflow. */
  workflowDefinition: Looked<JsonObject | undefined>;
  /** ConfigMap of Argo's controller. */
  argoConfig: Looked<JsonObject | undefined>;
  /** Names of the ClusterWorkflowTemplates. */
  stepTemplates: Looked<readonly string[]>;
  /** That of the owners that Refit upgrades. */
  webhook: Looked<JsonObject | undefined>;
  policy: Looked<JsonObject | undefined>;
  imageMap: Looked<JsonObject | undefined>;
  /** What the server may not do in all namespaces. */
  missing: Looked<readonly Need[]>;
  clusters: Looked<readonly JsonObject[]>;
  machines: Looked<readonly JsonObject[]>;
  controlPlanes: Looked<readonly JsonObject[]>;
  machineDeployments: Looked<readonly JsonObject[]>;
  /** Those with Clusters that opted in. */
  namespaces: readonly NamespaceFacts[];
}

export type Check = (facts: DoctorFacts) => Finding[];

/** Where several things are needed: all of them, or the first that could not be looked at. */
export function known<T>(looked: Looked<T>): T | undefined {
  return 'found' in looked ? looked.found : undefined;
}
