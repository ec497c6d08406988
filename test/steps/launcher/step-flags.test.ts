import { describe, expect, it } from '@jest/globals';
import { stepFlags } from '../../../src/steps/launcher/step-flags.ts';

const GIVEN = {
  namespace: 'lab',
  workflow: 'w',
  cluster: 'refit',
  machine: 'cp-1',
  timeoutSeconds: 60,
};

describe('stepFlags', () => {
  it('gives a flag that the step does not take its default', () => {
    expect(stepFlags(GIVEN)).toEqual({
      namespace: 'lab',
      workflow: 'w',
      workflowStatus: undefined,
      cluster: 'refit',
      machine: 'cp-1',
      operation: undefined,
      hash: '',
      kubernetesVersion: '',
      release: '',
      steps: [],
      planSha256: '',
      behind: [],
      drain: 'auto',
      needed: 'true',
      drainForce: false,
      untestedHosts: 'refuse',
      controlPlaneMethod: 'kubeadm',
      dataLoss: 'refuse',
      keepBackups: 2,
      timeoutSeconds: 60,
    });
  });

  it('reads every flag', () => {
    const flags = stepFlags({
      ...GIVEN,
      workflowStatus: 'Failed',
      operation: '12',
      steps: 'containerd,kubeadm:3600',
      planSha256: 'a'.repeat(64),
      drain: 'never',
      drainForce: 'true',
      untestedHosts: 'allow',
      controlPlaneMethod: 'flip',
      keepBackups: '0',
    });
    expect(flags).toMatchObject({
      workflowStatus: 'Failed',
      operation: 12,
      steps: [
        { name: 'containerd', timeoutSeconds: 300 },
        { name: 'kubeadm', timeoutSeconds: 3600 },
      ],
      planSha256: 'a'.repeat(64),
      drain: 'never',
      drainForce: true,
      untestedHosts: 'allow',
      controlPlaneMethod: 'flip',
      keepBackups: 0,
    });
  });

  it.each([
    ['a name that leaves its path', { machine: '../secrets/x' }, '--machine: got "../secrets/x"'],
    ['an empty name', { cluster: '' }, '--cluster: got ""'],
    ['a number of an operation that is none', { operation: '0' }, '--operation: got "0"'],
    ['a digest that is none', { planSha256: 'abc' }, '--plan-sha256: got "abc"'],
    [
      'an unknown drain policy',
      { drain: 'sometimes' },
      '--drain: got "sometimes", expected auto, always, never',
    ],
    ['an unclear drain-force', { drainForce: 'yes' }, '--drain-force: got "yes"'],
    ['a method that nobody has', { controlPlaneMethod: 'Flip' }, '--control-plane-method: got "Flip"'],
    ['backups without a number', { keepBackups: 'all' }, '--keep-backups: got "all"'],
    ['steps that no node does by itself', { steps: 'drain' }, 'steps: got "drain"'],
  ])('refuses %s', (_name, changes, message) => {
    expect(() => stepFlags({ ...GIVEN, ...changes })).toThrow(message);
  });
});
