import { describe, expect, it } from '@jest/globals';
import {
  operationUnit,
  operationUnitFile,
  operationUnitText,
  stepUnit,
  timerOf,
  watchdogUnit,
} from '../../../src/steps/operation/units.ts';
import { expectGolden } from '../../helpers/golden.ts';
import { OPERATION } from './samples.ts';

const LONG = `${'m'.repeat(300)}-1`;
const names = (operation: string): string[] => [
  operationUnit(operation),
  stepUnit(operation, 'preflight'),
  watchdogUnit(operation, 'containerd', 3),
  timerOf(watchdogUnit(operation, 'containerd', 3)),
];

describe('the names of units', () => {
  it('tell operation, step and turn', () => {
    expect(names('cp-1.lab-7')).toEqual([
      'refit-cp-1.lab-7.service',
      'refit-cp-1.lab-7_preflight.service',
      'refit-cp-1.lab-7_watchdog-containerd-3.service',
      'refit-cp-1.lab-7_watchdog-containerd-3.timer',
    ]);
    expect(operationUnitFile('x')).toBe('/etc/systemd/system/refit-x.service');
  });

  it.each([OPERATION, 'a', LONG, 'x.service'])('are valid for systemd and fit: %s', (operation) => {
    for (const name of names(operation)) {
      expect(name).toMatch(/^[\w.-]+\.(service|timer)$/);
      expect(name.length).toBeLessThanOrEqual(255);
    }
  });

  it('never meet those of another operation', () => {
    const operations = [
      'a',
      'a-preflight',
      'a-watchdog-containerd-3',
      LONG,
      `${LONG}1`,
      `${LONG.slice(0, 200)}`,
    ];
    const all = operations.flatMap(names);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('the unit file', () => {
  it('is as reviewed', () => {
    const program = ['/var/lib/refit/program/0a1b/node', '/var/lib/refit/program/0a1b/refit.js'] as const;
    expectGolden('steps/refit-operation.service', operationUnitText(OPERATION, program));
  });

  it('does not depend on what it restarts, nor on the network', () => {
    expect(operationUnitText('x', ['/n'])).not.toMatch(/kubelet|containerd|network/);
  });

  it('quotes words as systemd reads them', () => {
    const text = operationUnitText('x', ['/my "own" path/node', '--a=50%', 'c:\\$HOME']);
    expect(text).toContain(
      'ExecStart="/my \\"own\\" path/node" --a=50%% "c:\\\\$$HOME" host run --operation=x\n',
    );
  });
});
