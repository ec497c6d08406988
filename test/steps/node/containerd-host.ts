// A host whose containerd is to be replaced.
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { startService, writeRelease } from './release.ts';

export const FOLDER = '/var/lib/refit/stage/r1';
export const STAGED = `${FOLDER}/containerd/containerd`;
export const INSTALLED = '/usr/local/bin/containerd';

/** 1.7.27 runs, 2.1.4 is staged; a restart runs what is installed then. */
export async function createContainerdHost(): Promise<{ host: TestHost; components: StagedComponents }> {
  const host = await createTestHost({ role: 'worker' });
  const components = await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4', containerd: 'v2.1.4' });
  await startService(host, 'containerd', INSTALLED);
  host.answer([STAGED, 'config', 'dump'], 'version = 3\n');
  host.answer(['/usr/local/bin/ctr', 'version'], async () => {
    const [, version] = String(await host.files.read('/proc/987/exe'))
      .trim()
      .split(' ');
    return `Client:\n  Version:  v9\n  Revision: x\n\nServer:\n  Version:  ${version}\n  Revision: y\n`;
  });
  host.answer(['systemctl', 'restart', 'containerd'], async () => {
    await startService(host, 'containerd', INSTALLED, 0);
    return '';
  });
  return { host, components };
}
