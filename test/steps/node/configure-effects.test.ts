import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  containerdCheck,
  containerdProblems,
  effects,
  isContainerd,
  unitNotes,
} from '../../../src/steps/node/configure-effects.ts';
import type { Action } from '../../../src/steps/node/node-step.ts';
import { desiredFile } from './desired.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { startService, touch } from './release.ts';

const CONTAINERD = '/usr/local/bin/containerd';

describe('after a file was written', () => {
  it.each<[string, string[], string[]]>([
    [
      'settings of the kernel are set from it',
      ['/etc/sysctl.d/90.conf'],
      ['sysctl -p /etc/sysctl.d/90.conf'],
    ],
    ['what sysctl does not read is left', ['/etc/sysctl.d/README'], []],
    [
      'systemd reads its units again, once',
      ['/etc/systemd/system/kubelet.service.d/20.conf', '/etc/systemd/system/kubelet.service.d/30.conf'],
      ['systemctl daemon-reload'],
    ],
    ['nothing happens elsewhere', ['/etc/kubernetes/audit.yaml', '/etc/containerd/config.toml'], []],
  ])('%s', (_, paths, commands) => {
    const run = (action: Action): string => (action.do === 'run' ? action.argv.join(' ') : action.do);
    expect(effects(paths).map(run)).toEqual(commands);
  });

  it.each([
    ['/etc/containerd/config.toml', true],
    ['/etc/containerd/conf.d/10.toml', true],
    ['/etc/systemd/system/containerd.service.d/http-proxy.conf', true],
    ['/etc/containerd/certs.d/docker.io/hosts.toml', false],
    ['/etc/systemd/system/kubelet.service.d/20.conf', false],
  ])('containerd starts again for %s: %s', (path, expected) => {
    expect(isContainerd(path)).toBe(expected);
  });

  it('it is said whose unit is not restarted', () => {
    const folder = '/etc/systemd/system';
    const paths = ['kubelet.service.d/2.conf', 'containerd.service.d/2.conf', 'chrony.service.d/2.conf'];
    expect(unitNotes(paths.map((path) => `${folder}/${path}`))).toEqual([
      `${folder}/chrony.service.d/2.conf: its unit is not restarted`,
    ]);
  });
});

describe('containerd', () => {
  const PATH = '/etc/containerd/config.toml';
  const COPY = '/var/lib/refit/machine-1-1/check-config.toml';
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'worker' });
  });
  afterEach(() => host.remove());

  const check = async (): Promise<void> => {
    const action = containerdCheck(CONTAINERD, 'machine-1-1', desiredFile(PATH, 'version = 3'));
    if (action.do === 'work') await action.perform(host);
  };

  it('is asked about a copy, which only root can read, and which goes', async () => {
    host.answer([CONTAINERD, '--config', COPY, 'config', 'dump'], async () => {
      expect(await host.files.status(COPY)).toMatchObject({ mode: 0o600, size: 11 });
      return '';
    });
    await check();
    expect(host.commands).toHaveLength(1);
    expect(await host.files.status(COPY)).toBeUndefined();
  });

  it('says no: an error without what it quotes', async () => {
    const stderr = 'containerd: failed to load TOML: "password = secret": line 1\n';
    host.answer([CONTAINERD, '--config'], { code: 1, stderr });
    await expect(check()).rejects.toMatchObject({
      reason: 'Failed',
      message: `${PATH}: containerd: got exit code 1, expected 0: containerd: failed to load TOML: ...: line 1`,
    });
    expect(await host.files.status(COPY)).toBeUndefined();
  });

  it.each<[string, string[], number, Record<string, string>, string[]]>([
    ['runs with what it read', [PATH], 61, {}, []],
    ['started before its file changed', [PATH], 59, {}, [`containerd: started before ${PATH} changed`]],
    [
      'is not asked for where nothing of it is desired',
      ['/etc/kubernetes/x'],
      59,
      { ActiveState: 'failed' },
      [],
    ],
    [
      'does not run',
      [PATH],
      61,
      { ActiveState: 'failed', MainPID: '0' },
      ['containerd.service: got failed, expected active'],
    ],
  ])('%s', async (_, paths, changedSecondsAgo, unit, problems) => {
    await startService(host, 'containerd', CONTAINERD, 60);
    await touch(host, PATH, changedSecondsAgo);
    Object.assign(host.units['containerd'] ?? {}, unit);
    expect(await containerdProblems(host, paths)).toEqual(problems);
  });
});
