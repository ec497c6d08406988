// A host that a Job has brought a release to.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { StepReport } from '../../../src/api/step-result.ts';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import { stage } from '../../../src/steps/node/stage.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor, writeRelease, type Versions } from './release.ts';

/** As a Job's container looks from the host. */
export const BROUGHT = '/proc/4711/root/opt/refit/components';
export const STAGED = '/var/lib/refit/stage/r1';
export const VERSIONS: Versions = { kubernetes: 'v1.34.4', containerd: 'v2.1.4', cni: 'v1.7.1' };
/** Head of a program for amd64, little-endian. */
export const ELF = '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\n';

const SAID = {
  'kubernetes/kubeadm': 'v1.34.4\n',
  'kubernetes/kubelet': 'Kubernetes v1.34.4\n',
  'kubernetes/kubectl': 'Client Version: v1.34.4\n',
  'containerd/containerd': 'containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7\n',
  'cni/loopback': 'CNI loopback plugin v1.7.1\n',
};

export interface StageSite {
  host: TestHost;
  brought: StagedComponents;
  perform(components: StagedComponents | undefined, operation?: string): Promise<StepReport>;
  /** Everything in the stage folder. */
  stagedFiles(): Promise<string[]>;
}

export async function createStageSite(): Promise<StageSite> {
  const host = await createTestHost({ role: 'worker' });
  const brought = await writeRelease(host, BROUGHT, VERSIONS, ELF);
  // The real one, on the files of the tree.
  host.answer(['od'], (argv) => {
    const file = join(host.root, argv.at(-1) ?? '');
    return spawnSync('od', [...argv.slice(1, -1), file]).stdout.toString();
  });
  answerVersions(host, {});
  return {
    host,
    brought,
    perform: (components, operation = 'machine-1-1') => {
      const context = contextFor(components, { operation, kubernetes: 'v1.34.4' });
      return performStep(stage, host, context, { timeoutSeconds: 60 });
    },
    stagedFiles: async () => {
      const folders = ['', '/kubernetes', '/containerd', '/cni'];
      const names = await Promise.all(folders.map((folder) => host.files.list(`${STAGED}${folder}`)));
      return names.flat();
    },
  };
}

/** What staged programs say; those that are not named say what they should. */
export function answerVersions(host: TestHost, said: Partial<typeof SAID>): void {
  for (const [path, answer] of Object.entries({ ...SAID, ...said })) {
    host.answer([`${STAGED}/${path}`], answer);
  }
}
