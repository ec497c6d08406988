import { describe, expect, it } from '@jest/globals';
import { EXIT } from '../../src/api/commands.ts';
import { statusText } from '../../src/cli/commands/host-status.ts';
import { run } from '../../src/cli/run.ts';
import type { NodeStatus } from '../../src/steps/operation/status.ts';
import { REPORT_LINE, reportIn } from '../../src/api/step-result.ts';
import { fakeIo } from '../helpers/io.ts';
import { input, OPERATION, plan } from '../steps/operation/samples.ts';

describe('refit host', () => {
  it.each([
    ['an operation that is a path', ['cancel', '--operation=../etc'], 'expected an operation'],
    ['no operation', ['rollback'], '--operation'],
    ['an unknown step', ['run', '--operation=x', '--step=uncordon'], 'Allowed choices'],
    [
      'a watchdog of a step that has none',
      ['watchdog', '--operation=x', '--step=stage', '--turn=0'],
      'Allowed',
    ],
    ['a watchdog without its turn', ['watchdog', '--operation=x', '--step=cni'], '--turn'],
    ['an unknown command', ['explode'], 'unknown command'],
  ])('%s is bad input', async (_name, argv, message) => {
    const io = fakeIo();
    expect(await run(['host', ...argv], io)).toBe(EXIT.badInput);
    expect(io.stderr()).toContain(message);
  });

  it('launch refuses a plan for another machine, and its last line is the report that says so', async () => {
    const given = input('stage', { ...plan(), node: { ...plan().node, machineID: 'another' } });
    const io = fakeIo({ '-': JSON.stringify(given) });
    expect(await run(['host', 'launch'], io)).toBe(EXIT.badInput);
    const report = reportIn(io.stdout().trim().split('\n').at(-1)?.slice(REPORT_LINE.length) ?? '');
    expect(report?.result).toMatchObject({ step: 'stage', operation: OPERATION, outcome: 'failed' });
    expect(report?.result.message).toMatch(/^plan\.node\.machineID: got "another"/);
    expect(io.stderr()).toBe(`refit: ${report?.result.message}\n`);
  });

  it.each([
    ['no JSON', 'hello'],
    ['something else', '{"version":1,"step":"drain"}'],
  ])('launch refuses %s before it touches the machine', async (_name, text) => {
    const io = fakeIo({ '-': text });
    expect(await run(['host', 'launch'], io)).toBe(EXIT.badInput);
    expect(io.stderr()).toMatch(/^refit: /);
    expect(io.stdout()).toBe('');
  });
});

describe('the status for people', () => {
  const STATUS: NodeStatus = {
    node: 'cp-1',
    lock: 'refit-cp-1-0a1b2c3d-4',
    backups: ['refit-cp-1-0a1b2c3d-4', 'refit-cp-1-0a1b2c3d-3'],
    operations: [
      {
        operation: 'refit-cp-1-0a1b2c3d-4',
        state: 'running',
        kubernetes: 'v1.34.3',
        unit: 'active',
        steps: [
          { step: 'backup', state: 'changed', seconds: 3.21, message: 'etcd snapshot, 14 files' },
          {
            step: 'kubeadm',
            state: 'running',
            seconds: 72.4,
            startedAt: '2026-01-01T10:00:03.456Z',
            watchdogAt: '2026-01-01T10:32:03.456Z',
          },
          { step: 'kubelet', state: 'waiting' },
        ],
      },
      {
        operation: 'refit-cp-1-0a1b2c3d-3',
        state: 'failed',
        steps: [
          {
            step: 'preflight',
            state: 'failed',
            seconds: 1,
            message:
              'clock: got 12 s from the API server, expected at most 5; /var/lib/etcd: got 1 GiB free, expected 2 GiB',
          },
        ],
      },
    ],
  };

  it('tells operations, steps and reasons', () => {
    expect(statusText(STATUS)).toBe(`node      cp-1
host lock refit-cp-1-0a1b2c3d-4
backups   refit-cp-1-0a1b2c3d-4 refit-cp-1-0a1b2c3d-3

refit-cp-1-0a1b2c3d-4
  running; to v1.34.3; unit active
  backup      changed          3.2 s  etcd snapshot, 14 files
  kubeadm     running         72.4 s  since 2026-01-01T10:00:03Z, watchdog at
                                      2026-01-01T10:32:03Z
  kubelet     waiting

refit-cp-1-0a1b2c3d-3
  failed
  preflight   failed           1.0 s  clock: got 12 s from the API server,
                                      expected at most 5; /var/lib/etcd: got 1
                                      GiB free, expected 2 GiB
`);
  });

  it('fits into 80 columns', () => {
    const long = `refit-${'a-long-machine-name'.repeat(2)}-0a1b2c3d-`;
    const wide: NodeStatus = {
      ...STATUS,
      backups: [1, 2, 3, 4, 5].map((number) => `${long}${number}`),
      operations: (['waiting', 'interrupted', 'prepared', 'rolled back'] as const).map((state) => ({
        ...{ operation: `${long}1`, state, kubernetes: 'v1.34.3', unit: 'deactivating' },
        steps: [
          { step: 'containerd', state: 'interrupted', seconds: 123_456.7, message: 'word '.repeat(60) },
        ],
      })),
    };
    for (const line of statusText(wide).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('says that there is nothing', () => {
    expect(statusText({ operations: [], backups: [] })).toBe(
      'node      unknown\nhost lock free\nbackups   none\n\nno operation\n',
    );
  });
});
