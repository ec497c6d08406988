import type { StepContext } from '../../../src/steps/node/node-step.ts';

/** Of a step that looks at none of it but the operation. */
export function stepContext(operation = 'edge-1'): StepContext {
  return {
    plan: {
      version: 1,
      operation,
      hash: 'v1-0123456789abcdef',
      machine: { namespace: 'site', name: 'edge', uid: 'machine-uid' },
      cluster: 'edge',
      node: { name: 'edge', uid: 'node-uid', machineID: '0123456789abcdef' },
      role: 'worker',
      kubernetes: 'v1.34.3',
      release: 'r1.34.3',
      desiredSha256: '0'.repeat(64),
      policy: { untestedHosts: 'refuse', keepBackups: 2 },
      steps: [],
    },
    desired: undefined,
    components: undefined,
  };
}
