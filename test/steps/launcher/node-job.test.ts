import { describe, expect, it } from '@jest/globals';
import { nodeInputSchema } from '../../../src/api/node-input.ts';
import { inputSecret, nodeJob } from '../../../src/steps/launcher/node-job.ts';
import { expectGolden, toYaml } from '../../helpers/golden.ts';
import { IMAGE, OPERATION, sampleInput, SECRET_TEXT } from './samples.ts';

const LAUNCH = { workflow: OPERATION, number: 3, input: sampleInput(), image: IMAGE };

describe('nodeJob', () => {
  it('is privileged, pinned, and says why', () => {
    expectGolden('steps/node-job.yaml', toYaml(nodeJob(LAUNCH)));
  });

  it('has the same name for the same step of the same Workflow, however long that is', () => {
    const name = (workflow: string): string => nodeJob({ ...LAUNCH, workflow }).metadata?.name ?? '';
    expect(name('w')).toBe('w-kubeadm');
    expect(name('w'.repeat(80))).toHaveLength(63);
    expect(name('w'.repeat(80))).toBe(name('w'.repeat(80)));
    expect(name('w'.repeat(80))).not.toBe(name('w'.repeat(81)));
  });

  it('has time for the steps that its own waits for', () => {
    const seconds = (step: 'containerd' | 'kubelet' | 'backup'): number | undefined =>
      nodeJob({ ...LAUNCH, input: sampleInput({ step, timeoutSeconds: 100 }) }).spec?.activeDeadlineSeconds;
    expect(seconds('backup')).toBe(100 + 1200);
    expect(seconds('containerd')).toBe(100 + 1200);
    expect(seconds('kubelet')).toBe(300 + 1800 + 100 + 1200);
  });

  it('has no operation number when it was started by hand', () => {
    const { metadata } = nodeJob({ ...LAUNCH, number: undefined });
    expect(metadata?.labels).not.toHaveProperty(['capi-refit.io/operation']);
  });

  it('holds nothing of the contents', () => {
    const job = JSON.stringify(nodeJob(LAUNCH));
    for (const text of [SECRET_TEXT, Buffer.from(SECRET_TEXT).toString('base64')])
      expect(job).not.toContain(text);
  });
});

describe('inputSecret', () => {
  it('goes with its Job and holds the input', () => {
    const { data, ...secret } = inputSecret({ name: 'j', uid: 'u' }, LAUNCH.input);
    expect(secret).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'j',
        namespace: 'capi-refit-node',
        labels: { 'app.kubernetes.io/managed-by': 'refit' },
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', blockOwnerDeletion: true },
        ],
      },
      type: 'Opaque',
      immutable: true,
    });
    const content = Buffer.from(data?.['input.json'] ?? '', 'base64').toString();
    expect(nodeInputSchema.parse(JSON.parse(content))).toEqual(LAUNCH.input);
  });
});
