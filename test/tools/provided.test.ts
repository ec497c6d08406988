import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { recipe, toolNames } from './catalog.ts';
import { families } from './families.ts';
import { misfit, reportedVersion } from './provided.ts';

describe('the version in what a program prints', () => {
  it.each([
    ['kube-apiserver', 'Kubernetes v1.34.4\n', 'v1.34.4'],
    ['kubectl', 'Client Version: v1.34.4\nKustomize Version: v5.7.1\n', 'v1.34.4'],
    ['etcd', 'etcd Version: 3.6.8\nGit SHA: Not provided\nGo Version: go1.26.8\n', '3.6.8'],
    ['workflow-controller', 'workflow-controller: v4.0.2\n  GoVersion: go1.26.8\n', 'v4.0.2'],
    ["a distribution's", 'Kubernetes v1.34.4+rke2r1\n', 'v1.34.4+rke2r1'],
    ['a dirty build', 'Client Version: v1.34.4-dirty\n', 'v1.34.4-dirty'],
    ['only of its compiler', 'built with go1.26.8\n', undefined],
    ['a minor', 'Kubernetes 1.34\n', undefined],
    ['nothing', '', undefined],
    ['CoreDNS', 'CoreDNS-1.12.1\nlinux/amd64, go1.26.8, \n', '1.12.1'],
    ['kubeadm', 'v1.33.13\n', 'v1.33.13'],
  ])('%s', (_, output, version) => {
    expect(reportedVersion(output)).toBe(version);
  });
});

describe('a program that is there', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'refit-tools-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const wanted = { version: 'v3.6.8', versionArguments: ['--version'] };

  it.each([
    ['fits with the pinned version', 'echo "etcd Version: 3.6.8"', undefined],
    ['does not fit with another patch', 'echo 3.6.80', 'etcd --version: got 3.6.80, expected v3.6.8'],
    ['does not fit without a version', 'true', 'etcd --version: got no version, expected v3.6.8'],
    ['does not fit if it fails', 'echo 3.6.8; exit 3', 'etcd --version: ended with 3, expected v3.6.8'],
    ['is asked with its own arguments', 'test "$*" = --version && echo 3.6.8', undefined],
  ])('%s', async (_, script, reason) => {
    expect(await misfit(program(script), wanted)).toBe(reason);
  });

  it('does not fit if it cannot be asked', async () => {
    const reason = await misfit(program('echo 3.6.8'), { version: 'v3.6.8' });
    expect(reason).toBe('cannot be asked for its version');
  });

  function program(script: string): string {
    const file = path.join(folder, 'etcd');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }
});

it('every tool has a pinned version and a cache folder of its family', () => {
  for (const name of toolNames) {
    const { version, key } = recipe(name);
    expect(version).toMatch(/^v\d+\.\d+\.\d+$/);
    expect(families.map(({ folder }) => folder)).toContain(key.replace(/-[0-9a-f]{12}$/, ''));
  }
});
