import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseProperties, readService } from '../../../src/steps/node/service.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'worker' });
});
afterEach(() => host.remove());

describe('a service', () => {
  it('is what systemd says of it', async () => {
    Object.assign(host.units['containerd'] ?? {}, {
      NRestarts: '3',
      ExecMainStartTimestampMonotonic: '40500000',
      Environment: '"HTTP_PROXY=http://a b" PATH=/opt/bin:/usr/bin',
      KillMode: 'process',
    });
    await host.files.write('/proc/uptime', '100.25 380.10\n', { mode: 0o444 });
    expect(await readService(host, 'containerd')).toEqual({
      activeState: 'active',
      mainPid: 987,
      restarts: 3,
      // 59.75 s before the clock's now.
      startedAt: new Date('2025-12-31T23:59:00.250Z'),
      path: ['/opt/bin', '/usr/bin'],
      killMode: 'process',
    });
    expect(host.commands).toEqual([
      [
        'systemctl',
        'show',
        '--property=ActiveState,MainPID,NRestarts,ExecMainStartTimestampMonotonic,Environment,KillMode',
        'containerd.service',
      ],
    ]);
  });

  it('that does not run has no process and no start', async () => {
    Object.assign(host.units['kubelet'] ?? {}, {
      ActiveState: 'activating',
      MainPID: '0',
      ExecMainStartTimestampMonotonic: '40500000',
      Environment: 'NOPATH=/x',
    });
    expect(await readService(host, 'kubelet')).toMatchObject({
      activeState: 'activating',
      mainPid: undefined,
      startedAt: undefined,
      path: ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    });
  });

  it('cannot be read where systemd does not answer', async () => {
    host.answer(['systemctl', 'show'], { code: 1, stderr: 'Failed to connect to bus: Host is down\n' });
    await expect(readService(host, 'kubelet')).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringContaining('got exit code 1: Failed to connect to bus: Host is down'),
    });
  });
});

describe('properties', () => {
  it.each([
    [
      'have a value with equals signs',
      'A=b=c\nD=\n',
      [
        ['A', 'b=c'],
        ['D', ''],
      ],
    ],
    [
      'that come twice are joined',
      'F=/a\nG=x\nF=/b\n',
      [
        ['F', '/a\n/b'],
        ['G', 'x'],
      ],
    ],
    ['are nothing else', '\n  \nno property\n', []],
  ])('%s', (_, text, expected) => expect([...parseProperties(text)]).toEqual(expected));
});
