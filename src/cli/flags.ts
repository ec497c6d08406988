// Flags of the commands, as commander parses them.
import type { StepName } from '../api/steps.ts';

export interface PlanFlags {
  filename: string;
  output: 'table' | 'yaml' | 'json';
  onUncovered?: 'block' | 'replace';
  policy?: string;
}

export interface ServeFlags {
  store: 'kubernetes' | 'embedded';
  host?: string;
  port: number;
  externalPort: number;
  tlsCertFile?: string;
  tlsPrivateKeyFile?: string;
  clientCaFile?: string;
  policy?: string;
  imageMap?: string;
  policyConfigMap?: string;
  kubeconfig?: string;
  stepSeconds: number;
  fail?: StepName;
}

export interface DemoFlags {
  fail?: StepName;
  outputFolder: string;
}

/** Those of api/commands.ts, in camel case, and where to find the clusters and to leave the outputs. */
export interface StepOptions {
  [parameter: string]: unknown;
  kubeconfig?: string;
  kubeconfigFolder: string;
  imageMapFolder: string;
  outputFolder: string;
}
