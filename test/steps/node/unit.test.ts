import { describe, expect, it } from '@jest/globals';
import { parseContainerdDump } from '../../../src/steps/node/containerd-layout.ts';
import { parseOsRelease } from '../../../src/steps/node/layout.ts';
import { parseUnit } from '../../../src/steps/node/unit.ts';

describe('a unit', () => {
  it('has several drop-ins, environment files with and without leave to be absent, and arguments', () => {
    const text = [
      'LoadState=loaded',
      'ExecStart={ path=/x/kubelet ; argv[]=/x/kubelet --v=2 $ARGS ; ignore_errors=no ; pid=7 ; status=0/0 }',
      'FragmentPath=/etc/systemd/system/kubelet.service',
      'DropInPaths=/a/10-kubeadm.conf /b/20-more.conf',
      'EnvironmentFiles=/etc/one (ignore_errors=yes)',
      'EnvironmentFiles=/etc/two (ignore_errors=no)',
    ].join('\n');
    expect(parseUnit(text)).toEqual({
      program: '/x/kubelet',
      arguments: ['--v=2', '$ARGS'],
      files: ['/etc/systemd/system/kubelet.service', '/a/10-kubeadm.conf', '/b/20-more.conf'],
      environmentFiles: ['/etc/one', '/etc/two'],
    });
  });

  it('has nothing when systemd does not know it', () => {
    const nothing = { program: undefined, arguments: [], files: [], environmentFiles: [] };
    expect(parseUnit('LoadState=not-found\nFragmentPath=\nDropInPaths=\n')).toEqual(nothing);
  });
});

it.each([
  ['version 2', 'root = "/data/c"\n[cni]\n  bin_dir = "/opt/cni/bin"\n', '/data/c', ['/opt/cni/bin']],
  ['version 3', "root = '/data/c'\n[x]\nbin_dirs = ['/a', '/b']\n", '/data/c', ['/a', '/b']],
  ['no CRI plugin', 'version = 2\n', '/var/lib/containerd', []],
  ['a root of something else', '[plugins]\n  root = "/no"\n', '/var/lib/containerd', []],
])('a dump of %s gives folders', (_, text, dataFolder, cniFolders) => {
  expect(parseContainerdDump(text)).toEqual({ dataFolder, cniFolders });
});

it.each([
  [
    'quoted',
    'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n',
    'rocky',
    ['rhel', 'centos', 'fedora'],
  ],
  ['bare', 'NAME=x\nID=debian\nVERSION_ID="12"\n', 'debian', []],
  ['empty', '', '', []],
])('os-release that is %s is read', (_, text, id, like) => {
  expect(parseOsRelease(text)).toMatchObject({ id, like });
});
