import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../src/api/clock.ts';
import { StatusError } from '../../../src/api/errors.ts';
import type { FlipStep } from '../../../src/api/steps.ts';
import { LOCK_FILE, reportFile } from '../../../src/steps/host/folders.ts';
import { begunFile, readBegun, readGiveUp } from '../../../src/steps/operation/records.ts';
import { makeReport } from '../../../src/steps/operation/reports.ts';
import type { Site } from '../../../src/steps/operation/site.ts';
import { operationUnit, operationUnitFile, watchdogUnit } from '../../../src/steps/operation/units.ts';
import { watchdog } from '../../../src/steps/operation/watchdog.ts';
import { createMachine, type Machine } from './machine.ts';
import { OPERATION } from './samples.ts';
import { sleepingClock } from './sleeping-clock.ts';

const UNIT = operationUnit(OPERATION);
const KUBELET = 'http://127.0.0.1:10248/healthz';
const API_SERVER = 'https://10.0.0.1:6443/livez?exclude=etcd';
let clock: Clock;
let machine: Machine;
/** Seconds from now in which this one does not answer: [from, to). */
let away: Map<string, [number, number]>;
let asked: Set<string>;
let restarts: string[];

beforeEach(() => {
  clock = sleepingClock();
  machine = createMachine({ clock });
  away = new Map();
  asked = new Set();
  restarts = [];
  machine.write(LOCK_FILE, JSON.stringify({ operation: OPERATION }));
  machine.write(operationUnitFile(OPERATION), '');
  machine.write(
    '/etc/kubernetes/manifests/kube-apiserver.yaml',
    'kind: Pod\nspec: {containers: [{name: kube-apiserver, image: a:1, command: [--advertise-address=10.0.0.1]}]}',
  );
  machine.systemd.told.set(UNIT, 'active').set('containerd.service', 'active');
  machine.systemd.restart = async (unit) => void restarts.push(unit);
});
afterEach(() => machine.remove());

const never: [number, number] = [0, Number.POSITIVE_INFINITY];

async function fired(step: FlipStep, turn = 0): Promise<void> {
  const host: Site['host'] = {
    ...machine.host,
    http: async ({ url }) => {
      asked.add(url);
      const [from, to] = away.get(url) ?? [0, 0];
      if (clock.monotonic() < from || clock.monotonic() >= to)
        return { status: 200, headers: {}, body: 'ok' };
      throw new StatusError(`GET ${url}: connection refused`, { reason: 'Unavailable' });
    },
  };
  await watchdog({ ...machine, host }, { operation: OPERATION, step, turn });
}

describe('a sick node', () => {
  it('has its unit stopped and started again, to put back what was changed', async () => {
    away.set(KUBELET, never);
    await fired('kubelet');
    expect(await readGiveUp(machine.host, OPERATION)).toEqual({
      step: 'kubelet',
      restore: true,
      reason: `kubelet: GET ${KUBELET}: connection refused`,
    });
    expect(restarts).toEqual([UNIT]);
  });

  it.each<FlipStep>(['containerd', 'kubeadm', 'verify'])(
    'is one whose containerd is down: in %s',
    async (step) => {
      machine.systemd.told.set('containerd.service', 'failed');
      await fired(step);
      expect(await readGiveUp(machine.host, OPERATION)).toMatchObject({
        restore: true,
        reason: 'containerd.service: got failed, expected active',
      });
    },
  );

  it('is one whose own API server stays away after its kubelet was replaced', async () => {
    away.set(API_SERVER, never);
    await fired('kubelet');
    expect(clock.monotonic()).toBeGreaterThanOrEqual(300);
    expect(await readGiveUp(machine.host, OPERATION)).toMatchObject({ restore: true });
  });

  it('is put back also when its unit failed too often', async () => {
    machine.systemd.told.set(UNIT, 'failed');
    away.set(KUBELET, never);
    await fired('kubelet');
    expect(restarts).toEqual([UNIT]);
  });
});

describe('a slow but healthy upgrade', () => {
  const expectMoreTime = async (step: FlipStep): Promise<void> => {
    expect(await readGiveUp(machine.host, OPERATION)).toBeUndefined();
    expect(restarts).toEqual([]);
    expect([...machine.systemd.timers]).toEqual([[watchdogUnit(OPERATION, step, 1), 300]]);
  };

  it('is left alone while kubeadm moves etcd and the API server, however long that is away', async () => {
    away.set(API_SERVER, never);
    await fired('kubeadm');
    await expectMoreTime('kubeadm');
  });

  it('is left alone when the API server is away for two minutes after the kubelet was replaced', async () => {
    away.set(API_SERVER, [0, 120]);
    await fired('kubelet');
    await expectMoreTime('kubelet');
  });

  it('is left alone when the kubelet is just being started again', async () => {
    away.set(KUBELET, [0, 20]);
    await fired('kubelet');
    await expectMoreTime('kubelet');
  });

  it('is judged by nothing but what this node itself says: never by the API', async () => {
    away.set(API_SERVER, never);
    await fired('configure');
    expect([...asked]).toEqual([KUBELET, API_SERVER]);
  });

  it('says until when it has time', async () => {
    machine.write(begunFile(OPERATION, 'cni'), '{"startedAt":"2026-01-01T00:00:00.000Z"}');
    await fired('cni', 2);
    const begun = await readBegun(machine.host, OPERATION, 'cni');
    expect(begun?.startedAt).toBe('2026-01-01T00:00:00.000Z');
    expect(Date.parse(begun?.watchdogAt ?? '') - clock.now().getTime()).toBe(300_000);
  });

  it('gets its time once when the watchdog was killed and looks again', async () => {
    await fired('cni');
    await fired('cni');
    await expectMoreTime('cni');
  });

  it('is given up after three times more, with nothing put back', async () => {
    await fired('kubeadm', 3);
    expect(await readGiveUp(machine.host, OPERATION)).toEqual({
      step: 'kubeadm',
      restore: false,
      reason: 'the node is healthy, but the step does not end',
    });
    expect(restarts).toEqual([UNIT]);
  });

  it('is left alone when an administrator has stopped its unit', async () => {
    machine.systemd.told.delete(UNIT);
    await fired('kubelet');
    expect([...machine.systemd.timers, ...restarts]).toEqual([]);
    expect(machine.lines.join()).toContain('left alone');
  });
});

describe('a watchdog that comes too late', () => {
  const report = makeReport({ operation: OPERATION, step: 'kubelet' }, 'changed', 'done', {
    clock: sleepingClock(),
  });

  it.each([
    [
      'when the step has ended',
      () => machine.write(reportFile(OPERATION, 'kubelet'), JSON.stringify(report)),
    ],
    ['when the operation has ended', () => void machine.host.files.remove(operationUnitFile(OPERATION))],
    ['when another operation holds the node', () => machine.write(LOCK_FILE, '{"operation":"other"}')],
  ])('does nothing: %s', async (_name, change) => {
    away.set(KUBELET, never);
    change();
    await fired('kubelet');
    expect(restarts).toEqual([]);
    expect(asked.size).toBe(0);
  });

  it('does nothing when the step ends while it looks', async () => {
    away.set(KUBELET, never);
    machine.systemd.states = async (units) => {
      machine.write(reportFile(OPERATION, 'kubelet'), JSON.stringify(report));
      return units.map(() => ({ loaded: true, active: 'active' }));
    };
    await fired('kubelet');
    expect(restarts).toEqual([]);
  });
});
