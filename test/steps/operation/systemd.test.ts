import { describe, expect, it } from '@jest/globals';
import type { Argv, CommandResult, Host } from '../../../src/steps/host/host.ts';
import { createSystemd, isWorking, type Systemd } from '../../../src/steps/operation/systemd.ts';

/** Only its commands are used. Answers in their order, the last one again and again. */
function fakeHost(...answers: Partial<CommandResult>[]): { host: Host; commands: string[] } {
  const commands: string[] = [];
  const run = async (argv: Argv): Promise<CommandResult> => {
    commands.push(argv.join(' '));
    const answer = answers[Math.min(commands.length, answers.length) - 1];
    return { code: 0, stdout: '', stderr: '', ...answer };
  };
  return { host: { run } as Host, commands };
}

const SHOW = 'systemctl show --property=LoadState,ActiveState';
const PROGRAM = ['/p/node', '/p/refit.js', 'host', 'run'] as const;

describe('the commands', () => {
  it.each<[string, (systemd: Systemd) => Promise<unknown>, string[]]>([
    [
      'a transient unit, unloaded however it ends',
      (systemd) => systemd.startTransient('refit-x_stage.service', PROGRAM, 420),
      [
        `${SHOW} refit-x_stage.service`,
        'systemd-run --quiet --collect --unit=refit-x_stage.service --property=Type=exec --property=KillMode=mixed ' +
          '--property=SyslogIdentifier=refit --property=RuntimeMaxSec=420 -- ' +
          '/p/node /p/refit.js host run',
      ],
    ],
    [
      'a timer, whose service starts again when it is killed',
      (systemd) => systemd.startTimer('refit-x_watchdog-cni-0.service', PROGRAM, 240),
      [
        'systemd-run --quiet --collect --unit=refit-x_watchdog-cni-0.service --on-active=240 ' +
          '--timer-property=AccuracySec=1s --property=Type=exec --property=Restart=on-failure ' +
          '--property=RestartSec=5 --property=SyslogIdentifier=refit -- /p/node /p/refit.js host run',
      ],
    ],
    [
      'a start, whatever the start limit says',
      (systemd) => systemd.start('refit-x.service'),
      ['systemctl reset-failed refit-x.service', 'systemctl start refit-x.service'],
    ],
    [
      'a restart in one job',
      (systemd) => systemd.restart('refit-x.service'),
      ['systemctl reset-failed refit-x.service', 'systemctl restart refit-x.service'],
    ],
    ['a reload', (systemd) => systemd.reload(), ['systemctl daemon-reload']],
    ['enable', (systemd) => systemd.enable('u.service'), ['systemctl enable --quiet u.service']],
    ['disable', (systemd) => systemd.disable('u.service'), ['systemctl disable --quiet u.service']],
    ['a stop', (systemd) => systemd.stop(['a.timer', 'a.service']), ['systemctl stop a.timer a.service']],
  ])('%s', async (_name, call, expected) => {
    const { host, commands } = fakeHost();
    await call(createSystemd(host));
    expect(commands).toEqual(expected);
  });

  it('that fail say what systemd said', async () => {
    const { host } = fakeHost({ code: 1, stderr: 'Failed to connect to bus: No such file or directory\n' });
    await expect(createSystemd(host).reload()).rejects.toMatchObject({
      reason: 'Failed',
      message: 'systemctl daemon-reload: exit code 1: Failed to connect to bus: No such file or directory',
    });
  });

  it('stop what is not there without an error', async () => {
    const { host } = fakeHost({ code: 5, stderr: 'Unit a.timer not loaded.\n' });
    await expect(createSystemd(host).stop(['a.timer'])).resolves.toBeUndefined();
  });
});

describe('a transient unit that has ended and is still there', () => {
  const shown = (active: string) => ({ stdout: `LoadState=loaded\nActiveState=${active}\n` });
  const started = async (...answers: Partial<CommandResult>[]): Promise<string[]> => {
    const { host, commands } = fakeHost(...answers);
    await createSystemd(host).startTransient('u.service', PROGRAM, 420);
    return commands.map((command) => command.split(' ').slice(0, 2).join(' '));
  };
  const again = ['systemctl show', 'systemctl reset-failed', 'systemctl start'];

  it.each(['inactive', 'failed'])('%s: is started again', async (active) => {
    expect(await started(shown(active), {})).toEqual(again);
  });

  it.each([
    [5, 'Failed to start u.service: Unit u.service not found.\n'],
    [1, 'Job for u.service failed.\n'],
  ])('is made anew when it cannot be started: exit code %s', async (code, stderr) => {
    expect(await started(shown('inactive'), {}, { code, stderr }, {})).toEqual([
      ...again,
      'systemd-run --quiet',
    ]);
  });

  it('is not touched when it works', async () => {
    expect(await started(shown('active'), {})).toEqual(['systemctl show', 'systemd-run --quiet']);
  });
});

describe('the states of units', () => {
  it('come in the order of the units', async () => {
    const stdout = 'LoadState=loaded\nActiveState=activating\n\nLoadState=not-found\nActiveState=inactive\n';
    const { host, commands } = fakeHost({ stdout });
    expect(await createSystemd(host).states(['a.service', 'b.service'])).toEqual([
      { loaded: true, active: 'activating' },
      { loaded: false, active: 'inactive' },
    ]);
    expect(commands).toEqual([`${SHOW} a.service b.service`]);
  });

  it.each([
    ['active', true],
    ['activating', true],
    ['deactivating', true],
    ['reloading', true],
    ['inactive', false],
    ['failed', false],
  ])('%s: working %s', (active, expected) => {
    expect(isWorking({ loaded: true, active })).toBe(expected);
  });
});

describe('the journal', () => {
  it.each([
    ['that cannot take them, as without a systemd', process.env['PATH']],
    ['without systemd-cat', ''],
  ])('%s never fails who writes lines', async (_name, programs) => {
    const { PATH } = process.env;
    process.env['PATH'] = programs;
    const sink = createSystemd(fakeHost().host).journal('refit-test');
    process.env['PATH'] = PATH;
    sink.write('a line');
    await sink.end();
    sink.write('one after the end');
  });
});
