import { badInput } from '../../api/errors.ts';
import { ownerKind } from '../../kubernetes/external-reads.ts';
import type { ExternalFlags } from './external-step.ts';

/** What commander read, by the names of the flags in camel case. Errors: BadInput naming the first flag that is wrong. */
export function externalFlags(options: Readonly<Record<string, unknown>>): ExternalFlags {
  const value = (flag: string): string => {
    const given = options[flag.replaceAll(/-(.)/g, (_dash, letter: string) => letter.toUpperCase())];
    return typeof given === 'string' ? given : '';
  };
  const machine = value('machine');
  return {
    namespace: objectName('namespace', value('namespace')),
    workflow: objectName('workflow', value('workflow')),
    workflowStatus: value('workflow-status'),
    cluster: objectName('cluster', value('cluster')),
    ownerKind: ownerKind(value('owner-kind')),
    owner: objectName('owner', value('owner')),
    number: count('number', value('number')),
    kubernetesVersion: value('kubernetes-version'),
    machine: machine === '' ? '' : objectName('machine', machine),
    operation: machine === '' ? 0 : count('operation', value('operation')),
    hash: value('hash'),
    timeoutSeconds: Number(options['timeoutSeconds']),
  };
}

/** Names become parts of paths. */
function objectName(flag: string, value: string): string {
  if (value.length > 253 || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value)) {
    throw badInput(`--${flag}`, value, 'the name of a Kubernetes object');
  }
  return value;
}

function count(flag: string, value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw badInput(`--${flag}`, value, 'a number above 0');
  return Number(value);
}
