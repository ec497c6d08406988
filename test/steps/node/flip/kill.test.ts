import { afterEach, describe, expect, it } from '@jest/globals';
import { flipControlPlane } from '../../../../src/steps/node/flip/flip-control-plane.ts';
import { besideFile, etcdCopy, intentFile } from '../../../../src/steps/node/flip/flip-folder.ts';
import { INTENT_UNIT_FILE } from '../../../../src/steps/node/flip/intent-unit.ts';
import { settleFlip } from '../../../../src/steps/node/flip/settle-flip.ts';
import { takeFlipBack } from '../../../../src/steps/node/flip/take-flip-back.ts';
import { operationUnit, stepUnit } from '../../../../src/steps/operation/units.ts';
import { createFlipMachine, type FlipMachine } from './flip-machine.ts';
import { DATABASE, KUBELET, makeFlip, OPERATION, renderedPath } from './flip-site.ts';
import { runKilled, type Ending } from './killed-host.ts';

const MINUTES = 60_000;
/** All points take ten minutes: a pipeline may take each n-th of them. */
const EVERY = Number(process.env['REFIT_KILL_EVERY'] ?? 1);
const FLIPPED = ['3.6.8-0', 'v1.34.4', 'v1.34.4', 'v1.34.4'];
const BACK = ['3.5.24-0', 'v1.33.13', 'v1.33.13', 'v1.33.13'];

interface Scenario {
  name: string;
  /** Of the clock: waiting is most of the work. */
  speed: number;
  arrange: (machine: FlipMachine) => void;
  /** What the static pods must be in the end. */
  expected: readonly (readonly string[])[];
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'that goes well', speed: 16, arrange: () => undefined, expected: [FLIPPED] },
  {
    name: 'that goes back for its API server',
    speed: 16,
    arrange: (machine) => void (machine.newApiServer = 'ends'),
    // Killed, nobody knows what a new etcd took meanwhile; it is asked, and has no more than what may be lost.
    expected: [BACK],
  },
  {
    name: 'that goes back with data',
    speed: 60,
    arrange: (machine) => void (machine.newApiServer = { writes: '/registry/leases/kube-system/' }),
    expected: [BACK],
  },
];

const made: FlipMachine[] = [];
afterEach(() => made.splice(0).forEach((machine) => machine.remove()));

async function atWork({ arrange, speed }: Scenario): Promise<FlipMachine> {
  const machine = createFlipMachine(speed);
  made.push(machine);
  arrange(machine);
  machine.startKubelet();
  for (let turn = 0; turn < 3; turn += 1) await machine.host.clock.sleep(1);
  return machine;
}

const flip = (machine: FlipMachine, killBefore: number): Promise<Ending> =>
  runKilled(machine, killBefore, (host) => flipControlPlane(host, makeFlip()));

/** As systemd does: what stands before the kubelet, the kubelet, then the operation's unit. Gives how often it settled. */
async function boot(machine: FlipMachine, killSettleBefore = 0): Promise<Ending | undefined> {
  machine.workingUnit = undefined;
  const isAsked = machine.isIntentUnitEnabled() && (await machine.host.files.status(intentFile(OPERATION)));
  const settled = isAsked
    ? await runKilled(machine, killSettleBefore, (host) => settleFlip(host, OPERATION))
    : undefined;
  if (settled && settled.ended === undefined) return settled;
  // At a boot the kubelet is started by itself.
  expect(machine.startKubelet()).toBe(true);
  machine.workingUnit = operationUnit(OPERATION);
  for (let turn = 0; turn < 3; turn += 1) await machine.host.clock.sleep(1);
  return settled;
}

async function expectHealthy(machine: FlipMachine, { expected }: Scenario): Promise<void> {
  await machine.host.clock.sleep(5);
  expect(machine.mixtures).toEqual([]);
  expect(machine.kubelet.active).toBe(true);
  expect(expected).toContainEqual([...machine.processes.values()].map(({ tag }) => tag).sort());
  const data = machine.database();
  expect(machine.acknowledged.filter((line) => !data.includes(line))).toEqual([]);
  for (const path of [intentFile(OPERATION), INTENT_UNIT_FILE, besideFile(KUBELET)])
    expect([path, await machine.host.files.status(path)]).toEqual([path, undefined]);
  expect(machine.isIntentUnitEnabled()).toBe(false);
}

describe.each(SCENARIOS)('a flip $name', (scenario) => {
  it(
    'killed before any of its effects is taken up by the next process',
    async () => {
      const { effects } = await flip(await atWork(scenario), 0);
      expect(effects).toBeGreaterThan(30);
      for (let point = 1; point <= effects; point += EVERY) {
        const machine = await atWork(scenario);
        expect([point, (await flip(machine, point)).ended]).toEqual([point, undefined]);
        await flip(machine, 0);
        await expectHealthy(machine, scenario);
        machine.remove();
      }
    },
    10 * MINUTES,
  );

  it(
    'is taken up after a power loss at any point: no kubelet starts on a mixture',
    async () => {
      const { effects } = await flip(await atWork(scenario), 0);
      for (let point = 1; point <= effects; point += EVERY) {
        const machine = await atWork(scenario);
        await flip(machine, point);
        machine.powerOff();
        await boot(machine);
        await flip(machine, 0);
        await expectHealthy(machine, scenario);
        machine.remove();
      }
    },
    10 * MINUTES,
  );
});

describe.each(SCENARIOS)('what ends a half-done flip $name', (scenario) => {
  it(
    'may lose its power at any point, too',
    async () => {
      const { effects } = await flip(await atWork(scenario), 0);
      let settlings = 0;
      for (let point = 1; point <= effects; point += EVERY) {
        for (let second = 1; await settleTwice(scenario, point, second); second += EVERY) settlings += 1;
      }
      expect(settlings).toBeGreaterThan(20 / EVERY ** 2);
    },
    10 * MINUTES,
  );
});

/** False: what stands before the kubelet came to its end, or had nothing to do. */
async function settleTwice(scenario: Scenario, point: number, second: number): Promise<boolean> {
  const machine = await atWork(scenario);
  await flip(machine, point);
  machine.powerOff();
  const settled = await boot(machine, second);
  const isKilled = settled !== undefined && settled.ended === undefined;
  if (isKilled) {
    machine.powerOff();
    await boot(machine);
    await flip(machine, 0);
    await expectHealthy(machine, scenario);
  }
  machine.remove();
  return isKilled;
}

describe("a flip that is taken back by a person's word", () => {
  const scenario: Scenario = { name: '', speed: 16, arrange: () => undefined, expected: [BACK] };
  const takeBack = (machine: FlipMachine, killBefore: number): Promise<Ending> =>
    runKilled(machine, killBefore, async (host) => (await takeFlipBack(host, OPERATION, 'accept')).is);

  interface Flipped {
    machine: FlipMachine;
    /** What clients were told of before the flip. What was written since is to be lost. */
    before: readonly string[];
  }

  async function flipped(): Promise<Flipped> {
    const machine = await atWork(scenario);
    await flip(machine, 0);
    const copy = String(await machine.host.files.read(`${etcdCopy(OPERATION)}/member/snap/db`)).split('\n');
    const before = machine.acknowledged.filter((line) => copy.includes(line));
    expect(before.length).toBeGreaterThan(2);
    machine.workingUnit = stepUnit(OPERATION, 'rollback');
    return { machine, before };
  }

  it.each([
    ['killed', () => Promise.resolve(undefined)],
    [
      'without power',
      async (machine: FlipMachine) => {
        machine.powerOff();
        await boot(machine);
      },
    ],
  ])(
    '%s before any of its effects is taken up by the next process',
    async (_name, befall) => {
      const { effects } = await takeBack((await flipped()).machine, 0);
      expect(effects).toBeGreaterThan(20);
      for (let point = 1; point <= effects; point += EVERY) {
        const { machine, before } = await flipped();
        expect([point, (await takeBack(machine, point)).ended]).toEqual([point, undefined]);
        await befall(machine);
        expect([point, (await takeBack(machine, 0)).ended]).toEqual([point, 'back']);
        machine.acknowledged.splice(0, Infinity, ...before);
        await expectHealthy(machine, scenario);
        machine.remove();
      }
    },
    10 * MINUTES,
  );
});

describe('after a power loss', () => {
  const HALF_DONE = 'place /etc/kubernetes/manifests/kube-apiserver.yaml: done';

  async function halfDone(): Promise<FlipMachine> {
    const scenario: Scenario = { name: '', speed: 16, arrange: () => undefined, expected: [] };
    for (let point = 1; ; point += 1) {
      const machine = await atWork(scenario);
      const { ended } = await flip(machine, point);
      expect(ended).toBeUndefined();
      if (machine.lines.some((line) => line.startsWith(HALF_DONE))) {
        machine.powerOff();
        machine.workingUnit = undefined;
        return machine;
      }
      machine.remove();
    }
  }

  it('half of it is completed', async () => {
    const machine = await halfDone();
    expect(await settleFlip(machine.host, OPERATION)).toBe('completed');
    expect(await settleFlip(machine.host, OPERATION)).toBe('nothing to do');
  });

  it('it is taken back when what is needed to complete it is gone', async () => {
    const machine = await halfDone();
    await machine.host.files.remove(renderedPath('kube-scheduler'));
    expect(await settleFlip(machine.host, OPERATION)).toBe('taken back');
    expect(machine.startKubelet()).toBe(true);
    expect(machine.mixtures).toEqual([]);
    const { ended } = await flip(machine, 0);
    expect(ended).toMatch(
      /^flip: after a restart: .*kube-scheduler\.yaml: cannot be read: .*; went back: v1\.33\.13 is ready/,
    );
  });

  it('no kubelet starts when it can be brought to neither end', async () => {
    const machine = await halfDone();
    await machine.host.files.write(intentFile(OPERATION), '{"version":2}', { mode: 0o600 });
    await expect(settleFlip(machine.host, OPERATION)).rejects.toMatchObject({ reason: 'Failed' });
    expect(machine.startKubelet()).toBe(false);
  });

  it.each([
    ['does the flip', operationUnit(OPERATION)],
    ['takes it back', stepUnit(OPERATION, 'rollback')],
  ])('nothing is done beside the unit that %s', async (_name, unit) => {
    const machine = await halfDone();
    machine.workingUnit = unit;
    await expect(settleFlip(machine.host, OPERATION)).rejects.toMatchObject({
      message: `${unit}: works on the flip, expected it to end first`,
      reason: 'Unavailable',
    });
    expect(machine.startKubelet()).toBe(false);
    expect(await machine.host.files.read(DATABASE)).toBeDefined();
  });
});
