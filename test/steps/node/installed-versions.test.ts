import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  currentVersion,
  inspectVersions,
  versionFindings,
  type InstalledVersions,
} from '../../../src/steps/node/installed-versions.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { KUBELET_PID, program } from './tree-content.ts';

const at = (version: string | undefined): InstalledVersions => {
  return { kubelet: version, runningKubelet: version, apiServer: version };
};
const texts = (installed: InstalledVersions, to: string): string[] =>
  versionFindings(installed, to).map(({ is, text }) => `${is}: ${text}`);

describe('the installed version', () => {
  it.each(['v1.34.3', 'v1.34.2', 'v1.33.13', 'v1.33.5-vendor-1'])('%s may become v1.34.3', (from) => {
    expect(texts(at(from), 'v1.34.3')).toEqual([]);
  });

  it.each([
    ['v1.35.0', 'downgrade from v1.35.0 to v1.34.3'],
    ['v1.34.4', 'downgrade from v1.34.4 to v1.34.3'],
    ['v1.32.9', 'skips a minor version: v1.32.9 to v1.34.3'],
  ])('%s may not', (from, reason) => {
    expect(texts(at(from), 'v1.34.3')).toEqual([
      `refusal: kubelet: got ${from}, expected one from which v1.34.3 may follow: ${reason}`,
      `refusal: kube-apiserver: got ${from}, expected one from which v1.34.3 may follow: ${reason}`,
    ]);
  });

  it('of a kubelet that lags two minors behind its API server is refused', () => {
    const installed = { ...at('v1.33.1'), kubelet: 'v1.32.1', runningKubelet: 'v1.32.1' };
    expect(texts(installed, 'v1.34.3')).toEqual([expect.stringMatching(/^refusal: kubelet: got v1\.32\.1/)]);
  });

  it('that was not restarted is noted, and judged as well', () => {
    const installed = { kubelet: 'v1.34.3', runningKubelet: 'v1.33.1', apiServer: undefined };
    expect(texts(installed, 'v1.34.3')).toEqual([
      'note: kubelet: v1.33.1 runs, its file is v1.34.3: it was not restarted',
    ]);
    expect(currentVersion(installed)).toBe('v1.33.1');
    expect(texts({ ...installed, runningKubelet: 'v1.32.1' }, 'v1.34.3')[0]).toMatch(
      /^refusal: running kubelet: got v1\.32\.1/,
    );
  });

  it('of a kubelet that does not run is that of its file', () => {
    const installed = { ...at('v1.33.1'), runningKubelet: undefined };
    expect(texts(installed, 'v1.34.3')).toEqual(['note: kubelet: does not run']);
    expect(currentVersion(installed)).toBe('v1.33.1');
  });

  it('must be said by the program', () => {
    expect(texts({ ...at('v1.33.1'), kubelet: undefined }, 'v1.34.3')).toContain(
      'refusal: kubelet: got no version from it, expected one like v1.34.3: repair the program',
    );
  });
});

describe('versions of a host', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'control-plane' });
  });
  afterEach(() => host.remove());

  it('are those of the file, of what runs, and of the manifest', async () => {
    await host.files.write('/usr/bin/kubelet', program('kubelet', 'v1.34.3'), { mode: 0o755 });
    expect(await inspectVersions(host, '/usr/bin/kubelet')).toEqual({
      kubelet: 'v1.34.3',
      runningKubelet: 'v1.33.13',
      apiServer: 'v1.33.13',
    });
    expect(host.commands).toContainEqual([`/proc/${KUBELET_PID}/exe`, '--version']);
  });

  it('leave out a kubelet that does not run and a tag that is no version', async () => {
    Object.assign(host.units['kubelet'] ?? {}, { MainPID: '0' });
    const path = '/etc/kubernetes/manifests/kube-apiserver.yaml';
    const text = (await host.files.read(path))?.toString().replace(':v1.33.13', ':latest') ?? '';
    await host.files.write(path, text, { mode: 0o600 });
    expect(await inspectVersions(host, '/usr/bin/kubelet')).toEqual({
      kubelet: 'v1.33.13',
      runningKubelet: undefined,
      apiServer: undefined,
    });
  });
});
