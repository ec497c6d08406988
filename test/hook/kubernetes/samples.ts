// Objects as Cluster API's and Argo's schemas want them, and recorded Workflows.
import { readFileSync } from 'node:fs';
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import { parsePolicy } from '../../../src/api/policy.ts';
import { updateMachineWorkflow } from '../../../src/generators/update-machine.ts';
import { plan, PLAN_STEPS } from '../../helpers/plan.ts';

const CAPI = 'cluster.x-k8s.io/v1beta2';

export function clusterObject(namespace: string, name: string, labels: Record<string, string> = {}) {
  const spec = { clusterNetwork: { serviceDomain: 'cluster.local' } };
  return { apiVersion: CAPI, kind: 'Cluster', metadata: { namespace, name, labels }, spec };
}

export function machineObject(namespace: string, name: string, annotations: Record<string, string> = {}) {
  return {
    apiVersion: CAPI,
    kind: 'Machine',
    metadata: { namespace, name, annotations, labels: { 'cluster.x-k8s.io/cluster-name': 'refit' } },
    spec: machineSpec('v1.33.7'),
  };
}

export function machineDeploymentObject(namespace: string, name: string, version: string) {
  const matchLabels = { 'cluster.x-k8s.io/deployment-name': name };
  return {
    apiVersion: CAPI,
    kind: 'MachineDeployment',
    metadata: { namespace, name },
    spec: {
      clusterName: 'refit',
      selector: { matchLabels },
      template: { metadata: { labels: matchLabels }, spec: machineSpec(version) },
    },
  };
}

export function machineStatus(kubeletVersion: string, ready: 'True' | 'False' | 'Unknown'): JsonObject {
  const text = '';
  return {
    nodeRef: { name: 'node-1' },
    nodeInfo: {
      architecture: text,
      bootID: text,
      containerRuntimeVersion: text,
      kernelVersion: text,
      kubeProxyVersion: text,
      kubeletVersion,
      machineID: text,
      operatingSystem: text,
      osImage: text,
      systemUUID: text,
    },
    conditions: [
      {
        type: 'NodeReady',
        status: ready,
        reason: 'Sample',
        message: text,
        lastTransitionTime: '2026-11-21T09:17:20Z',
      },
    ],
  };
}

export function workflowObject(namespace: string, machine: string, number = 1): IWorkflow {
  const policy = parsePolicy({});
  return updateMachineWorkflow({
    machine: { namespace, name: machine, uid: '6a5a0a68-6f57-4a36-a1f4-1f2a3b4c5d6e', cluster: 'refit' },
    number,
    plan: plan('worker', PLAN_STEPS, { hash: 'sample' }),
    policy,
    version: '0.1.0',
  });
}

/** A Workflow that a real controller left behind: see the README beside it. */
export function recordedWorkflow(name: string): JsonObject {
  return recorded(`workflows/argo-v4.0.2/${name}.json`);
}

/** Any object in test/fixtures. */
export function recorded(path: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8'));
  if (!isObject(value)) throw new TypeError(`${path} is not an object`);
  return value;
}

function machineSpec(version: string) {
  return {
    clusterName: 'refit',
    version,
    bootstrap: {
      configRef: { apiGroup: 'bootstrap.cluster.x-k8s.io', kind: 'KubeadmConfig', name: `config-${version}` },
    },
    infrastructureRef: { apiGroup: 'infrastructure.cluster.x-k8s.io', kind: 'DevMachine', name: 'infra' },
  };
}
